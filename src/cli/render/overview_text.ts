import type {
  Cpu,
  Overview,
  ShownAddressSpace,
  ShownDeath,
  ShownImage,
  ShownTask,
} from '../overview.js'
import type { Page } from '../terminal.js'
import { labelled } from './labelled.js'
import { printable } from './printable.js'
import { type Column, table } from './table.js'

const NEXT = 'ksight ps, ksight threads, ksight task self, ksight type task_struct, ksight --help'

const LABEL = 9

/** The overview as text. */
export function overviewText(overview: Overview, page: Page): string {
  const { release, version, machine, source, counts, cpus, addressSpace, pointers } = overview
  const { processes, threads, kernelThreads, userThreads } = counts
  const line = (label: string, text: string) => {
    return labelled(label.padEnd(LABEL), printable(text), page.width)
  }
  return [
    line('kernel', `Linux ${release} ${machine}, ${version}`),
    line('from', source),
    overview.image === null ? '' : imageText(overview.image, line),
    line('up', `${duration(overview.uptime)}, since ${seconds(overview.bootTime)}`),
    line(
      'tasks',
      `${processes} processes with ${threads} threads: ${kernelThreads} kernel, ${userThreads} user`,
    ),
    line('pointers', pointers === 'raw' ? pointers : `${pointers}: --pointers raw shows them`),
    overview.died === null ? '' : `\n${deathText(overview.died, line)}`,
    '\n',
    cpuTable(cpus, page),
    overview.died === null ? '' : registersText(overview, line),
    '\n',
    addressSpaceText(addressSpace, page),
    '\n',
    line('next', NEXT),
  ].join('')
}

const seconds = (time: string) => time.replace(/\.\d+/, '')

function imageText({ dumped, incomplete }: ShownImage, line: Line): string {
  const missing = incomplete === null ? '' : line('lacks', incomplete)
  return `${line('dumped', seconds(dumped))}${missing}`
}

type Line = (label: string, text: string) => string

/** Why the kernel died, and its last words. */
function deathText(died: ShownDeath, line: Line): string {
  const { panic, cause, oops, ip, time, cpu, pid, comm, taint, unknown, log } = died
  const facts: [label: string, text: string | null | undefined][] = [
    ['died', panic === null ? (cause ?? 'it does not say why') : `Kernel panic: ${panic}`],
    ['when', time],
    ['cause', panic === null ? null : cause],
    ['oops', oops],
    ['where', ip],
    ['by', pid === null ? null : `${comm ?? '?'}, PID ${pid}`],
    ['on CPU', cpu === null ? null : `${cpu}`],
    ['taint', taint?.map(({ letter, meaning }) => `${letter} ${meaning}`).join(', ')],
    ['unknown', unknown.length === 0 ? null : unknown.join('; ')],
  ]
  const lines = facts.map(([label, text]) => (text ? line(label, text) : ''))
  return `${lines.join('')}\n${log.map((text) => `${text}\n`).join('')}`
}

/** The registers of the CPU that the kernel died on. */
function registersText({ cpus, died }: Overview, line: Line): string {
  const registers = cpus.find(({ cpu }) => cpu === died?.cpu)?.registers
  if (!registers) return ''
  const shown = Object.entries(registers).map(([name, value]) => `${name}=${value}`)
  return `\n${line(`CPU ${died?.cpu}`, shown.join(' '))}`
}

const UNITS = [
  ['d', 86400],
  ['h', 3600],
  ['min', 60],
  ['s', 1],
] as const

/** The two largest units of a time in seconds: `2 h 5 min`. */
function duration(seconds: number): string {
  let rest = Math.floor(seconds)
  const parts = UNITS.map(([unit, size]) => {
    const count = Math.floor(rest / size)
    rest -= count * size
    return { count, text: `${count} ${unit}` }
  })
  const first = parts.findIndex(({ count }) => count > 0)
  return parts
    .slice(first === -1 ? -1 : first)
    .slice(0, 2)
    .map(({ text }) => text)
    .join(' ')
}

function cpuTable(cpus: readonly Cpu[], { width, style }: Page): string {
  const name = ({ comm, kernelThread }: ShownTask) => (kernelThread ? `[${comm}]` : comm)
  const columns: Column<Cpu>[] = [
    { title: 'CPU', align: 'right', cell: ({ cpu }) => cpu },
    { title: 'IDLE TASK', cut: 'end', cell: ({ idle }) => idle.task },
    { title: 'CURRENT TASK', cut: 'end', cell: ({ current }) => current.task },
    { title: 'PID', align: 'right', cell: ({ current }) => current.pid },
    { title: 'NAME', cell: ({ current }) => name(current) },
    ...(cpus.some(({ ip }) => ip !== null) ? [IP] : []),
  ]
  return table(cpus, columns, { width, style, dim: ({ current }) => current.pid === 0 })
}

const IP: Column<Cpu> = { title: 'EXECUTES', cell: ({ ip }) => ip ?? '-' }

interface Area {
  readonly first: string
  readonly what: string
}

function addressSpaceText(space: Overview['addressSpace'], { width, style }: Page): string {
  if ('unknown' in space) {
    return labelled('', printable(`The split of addresses is not known: ${space.unknown}`), width)
  }
  const columns: Column<Area>[] = [
    { title: 'STARTS AT', cell: ({ first }) => first },
    { title: 'WHAT', cell: ({ what }) => what },
  ]
  return table(areas(space), columns, { width, style })
}

function areas({ user, kernel, pageOffset, text, kaslrOffset }: ShownAddressSpace): Area[] {
  return [
    { first: user.first, what: `user space, ${size(user)}` },
    { first: kernel.first, what: `kernel space, ${size(kernel)}` },
    { first: pageOffset, what: 'PAGE_OFFSET: direct map' },
    { first: text ?? '-', what: `_stext: kernel text, moved by KASLR by ${kaslrOffset}` },
  ]
}

function size({ first, last }: ShownAddressSpace['user']): string {
  return `${(BigInt(last) - BigInt(first) + 1n) >> 40n} TiB`
}
