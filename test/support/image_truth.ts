import { setTimeout as sleep } from 'node:timers/promises'
import type { Vm } from '../../lab/vm.mjs'
import { compile } from './program.js'

/** A task as the lab's module shows it. Addresses are hexadecimal, with `0x`. */
export interface TrueTask {
  readonly pid: number
  readonly tgid: number
  /** The tgid of `real_parent`. */
  readonly ppid: number
  /** Each byte is one character. */
  readonly comm: string
  readonly task: string
  readonly stack: string | null
  readonly mm: string | null
  readonly pgd: string | null
  readonly pgdPhysical: string | null
  /** `get_nr_threads()`. */
  readonly threads: number
  readonly uid: number
  readonly euid: number
  readonly flags: number
  readonly state: string
  readonly cpu: number
}

/** What the kernel's own walk through page tables found; with pid 0, in its own. */
export interface TrueWalk {
  readonly pid: number
  readonly address: string
  readonly mm: string | null
  readonly entries: readonly {
    readonly level: 'pgd' | 'p4d' | 'pud' | 'pmd' | 'pte'
    /** Where the entry is, a physical address. */
    readonly at: string
    readonly value: string
  }[]
  /** Null where nothing is mapped. */
  readonly physical: string | null
  /** The size of the page. */
  readonly size: number | null
}

/** What a reader of the kernel's memory has to find out: see lab/module/facts.c. */
export interface TrueFacts {
  /** Numbers, and addresses as hexadecimal text. */
  readonly [name: string]: number | string | object
  readonly cpus: readonly {
    readonly cpu: number
    readonly __per_cpu_offset: string
    /** The addresses of two variables of that CPU. */
    readonly cpu_info: string
    readonly runqueues: string
    readonly idle_task: string
  }[]
}

/** A line of `ps -eLo pid,tid,ppid,uid,euid,stat,nlwp,comm`. */
export interface PsRow {
  readonly pid: number
  readonly tid: number
  readonly ppid: number
  readonly uid: number
  readonly euid: number
  readonly stat: string
  readonly nlwp: number
  readonly comm: string
}

/** The kernel stack of a thread as /proc shows it. */
export interface TrueStack {
  readonly pid: number
  /** How often it was switched away from just before: if that did not change, the stack did not. */
  readonly switches: number
  /** Innermost first, such as `do_wait+0x56/0xe0`. */
  readonly functions: readonly string[]
}

/** What the guest said of itself just before the image was made, or before it crashed. */
export interface Truth {
  /** The idle tasks first, then all threads in the order of the kernel's list. */
  readonly tasks: readonly TrueTask[]
  readonly facts: TrueFacts
  readonly walks: readonly TrueWalk[]
  /** What /proc/PID/pagemap says of pages of user space; pfn is null where none is present. */
  readonly pagemap: readonly { pid: number; address: string; pfn: number | null }[]
  /** All threads but that of ps itself. */
  readonly ps: readonly PsRow[]
  /** As `dmesg` prints it, and the records of /dev/kmsg; nothing was logged afterwards. */
  readonly dmesg: string
  readonly kmsg: string
  /** `uname -a` */
  readonly uname: string
  /** Seconds, from /proc/uptime */
  readonly uptime: number
  /** Seconds since 1970: `btime` of /proc/stat, and the time when the truth was gathered. */
  readonly bootTime: number
  readonly time: number
  /** The processors in /proc/cpuinfo. */
  readonly cpus: number
  /** The text of /proc/modules, /proc/cmdline and /sys/kernel/vmcoreinfo. */
  readonly modules: string
  readonly cmdline: string
  readonly vmcoreinfo: string
  /** /sys/kernel/btf/* */
  readonly btf: readonly { name: string; size: number; sha256: string }[]
  /** /proc/PID/status and /proc/PID/maps of all processes that are no kernel threads. */
  readonly processes: readonly { pid: number; status: string; maps: string }[]
  /** /proc/PID/task/TID/stack of all threads. */
  readonly stacks: readonly TrueStack[]
  /** QEMU's `info registers -a`. */
  readonly registers: string
}

const HUGE_PAGES = '/sys/kernel/mm/transparent_hugepage/enabled'

/** So many pages of each area of a process are looked at. */
const PAGES_PER_AREA = 6

/** What the process that gathers the truth does in the end. */
export type End = 'stay' | 'sysrq' | 'null'

const ENDS: Record<End, readonly string[]> = {
  stay: [],
  sysrq: ['/proc/sysrq-trigger', 'c'],
  null: ['/proc/ksight_lab/crash', 'null'],
}

/** Starts what makes the image instructive: programs that stay and sleep. */
export async function startProcesses(vm: Vm): Promise<void> {
  // In a small machine the kernel starts without huge pages.
  await output(vm, `mkfifo /run/forever; mkdir /run/files; echo always >${HUGE_PAGES}`)
  const programs = [
    ['odd_tasks', 'a name (with) ', '\u00e9\t"\\'],
    ['threads', '5', '0', '1'],
    ['namespaces', '2'],
    // With so much of it, some is in huge pages.
    ['pages', '2048', '64', process.execPath],
    ['files', '/run/files'],
    ['creds'],
  ] as const
  for (const [name, ...args] of programs) {
    await vm.start('sh', ['-c', 'exec "$@" 0<>/run/forever', 'sh', compile(name), ...args])
  }
  // It says only its pid; a process in uninterruptible sleep.
  const vfork = '"$1" 0<>/run/forever | sed -u s/.*/ready/'
  await vm.start('sh', ['-c', vfork, 'sh', compile('vfork_parent')])
  // What is in huge pages stays there, and khugepaged makes no more of them while we look.
  await output(vm, `echo never >${HUGE_PAGES}`)
}

/** Everything but the registers, and /proc/kallsyms besides. */
export async function gatherTruth(vm: Vm, end: End) {
  await output(vm, 'echo 0 >/proc/sys/kernel/kptr_restrict')
  await untilQuiet(vm)
  const before = await readLastingTasks(vm)
  const kallsyms = await output(vm, 'cat /proc/kallsyms')
  const facts: TrueFacts = JSON.parse(await output(vm, 'cat /proc/ksight_lab/facts'))
  const processes = await readProcesses(vm, before)
  const pagemap = await readPagemap(vm, processes)
  const kernel = kernelAddresses(kallsyms, facts, before)
  const user = pagemap.map(({ pid, address }) => `${pid} ${address}`)
  const walks = await walk(vm, [...kernel.map((address) => `0 ${address}`), ...user])
  const files = await readFiles(vm)
  const stacks = await readStacks(vm)
  const last = await gatherLast(vm, end)
  return { kallsyms, facts, processes, pagemap, walks, ...files, stacks, ...last }
}

/** Why what was gathered before an image was made was not true any more; undefined if it was. */
export async function whyNotTrue(
  vm: Vm,
  { tasks, dmesg }: Omit<Truth, 'registers'>,
): Promise<string | undefined> {
  const key = ({ pid, comm, task, mm }: TrueTask) => `${pid} ${comm} ${task} ${mm}`
  const now = new Set((await readTasks(vm)).map(key))
  const gone = tasks.map(key).filter((task) => !now.has(task))
  if (gone.length > 0) return `gone are ${gone}`
  const log = await output(vm, 'dmesg')
  return log === dmesg ? undefined : `logged was ${log.slice(dmesg.length)}`
}

async function output(vm: Vm, script: string): Promise<string> {
  return (await outputBytes(vm, script)).toString('utf8')
}

async function outputBytes(vm: Vm, script: string): Promise<Buffer> {
  const { exitCode, stdoutBytes, stderr } = await vm.run('sh', ['-ec', script])
  if (exitCode !== 0 || stderr !== '') throw new Error(`${script}: ${exitCode}, ${stderr}`)
  return stdoutBytes
}

async function readTasks(vm: Vm): Promise<TrueTask[]> {
  return parseLines(await output(vm, 'cat /proc/ksight_lab/tasks'))
}

/** Without the processes that list them: what is mapped for those changes when they are gone. */
async function readLastingTasks(vm: Vm): Promise<TrueTask[]> {
  const pids = new Set((await readTasks(vm)).map(({ pid }) => pid))
  return (await readTasks(vm)).filter(({ pid }) => pids.has(pid))
}

function parseLines<T>(text: string): T[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
}

/** Threads that the kernel starts late have started when a second brings nothing new. */
async function untilQuiet(vm: Vm): Promise<void> {
  const look = async () => {
    const kernelThreads = (await readTasks(vm)).filter(({ mm }) => mm === null)
    const threads = kernelThreads.map(({ pid, comm }) => `${pid} ${comm}`)
    return `${threads.join('\n')}\n${await output(vm, 'dmesg')}`
  }
  let before = ''
  for (let now = await look(); now !== before; now = await look()) {
    before = now
    await sleep(1000)
  }
}

async function readProcesses(vm: Vm, tasks: readonly TrueTask[]) {
  const leaders = tasks.filter(({ pid, tgid, mm }) => pid === tgid && mm !== null)
  const files = leaders.map(({ pid }) => `/proc/${pid}/status /proc/${pid}/maps`)
  const text = await output(vm, `cat ${files.join(' ')}`)
  return text.split(/^(?=Name:)/m).map((part) => {
    const lines = part.split('\n')
    const status = lines.filter((line) => /^\w+:\t/.test(line))
    const maps = lines.filter((line) => /^[0-9a-f]+-[0-9a-f]+ /.test(line))
    const pid = Number(/^Pid:\t(\d+)$/m.exec(part)?.[1])
    return { pid, status: `${status.join('\n')}\n`, maps: `${maps.join('\n')}\n` }
  })
}

/** A thread may exit before it was asked for both. */
async function readStacks(vm: Vm): Promise<TrueStack[]> {
  const ofThreads = async (pattern: string, file: string) => {
    const script = `grep -H '${pattern}' /proc/[0-9]*/task/*/${file} 2>/dev/null || true`
    const lines = (await output(vm, script)).matchAll(/^\/proc\/\d+\/task\/(\d+)\/\w+:(.*)$/gm)
    return Array.from(lines, ([, pid, text = '']) => ({ pid: Number(pid), text }))
  }
  const switches = new Map<number, number>()
  for (const { pid, text } of await ofThreads('ctxt_switches', 'status')) {
    switches.set(pid, (switches.get(pid) ?? 0) + Number(text.split('\t')[1]))
  }
  const stacks = await ofThreads('', 'stack')
  return Array.from(switches, ([pid, count]) => {
    const lines = stacks.filter((line) => line.pid === pid)
    return { pid, switches: count, functions: lines.map(({ text }) => text.replace('[<0>] ', '')) }
  })
}

/** Some pages of each area, of some processes that sleep. */
async function readPagemap(vm: Vm, processes: Truth['processes']) {
  const quiet = processes.filter(({ status }) => /^Name:\t(pages|threads|odd_tasks)$/m.test(status))
  const areas = quiet.flatMap(({ pid, maps }) => userAreas(maps).map((area) => ({ pid, ...area })))
  const questions = areas.map(({ pid, first, pages }) => `${pid} ${first} ${pages}`)
  let bytes = await outputBytes(vm, `${compile('pagemap')} ${lines(questions)}`)
  return areas.flatMap(({ pid, first, pages }) => {
    const entries = bytes.subarray(0, pages * 8)
    bytes = bytes.subarray(pages * 8)
    const step = Math.ceil(pages / PAGES_PER_AREA)
    return Array.from({ length: Math.ceil(pages / step) }, (_, i) => {
      const address = hex(BigInt(first + i * step) * 4096n)
      return { pid, address, pfn: pfnOf(entries.readBigUInt64LE(i * step * 8)) }
    })
  })
}

/** The numbers of the first page and of pages, at most so many, of each line of /proc/PID/maps. */
function userAreas(maps: string) {
  const ranges = Array.from(maps.matchAll(/^(\w+)-(\w+)/gm), ([, first, end]) => {
    return [BigInt(`0x${first}`), BigInt(`0x${end}`)] as const
  })
  // The page of vsyscalls is not in the part of the address space that is a process's own.
  const own = ranges.filter(([first]) => first < 1n << 63n)
  return own.map(([first, end]) => {
    return { first: Number(first >> 12n), pages: Math.min(Number((end - first) >> 12n), 4096) }
  })
}

/** See Documentation/admin-guide/mm/pagemap.rst: bit 63 says that the page is present. */
function pfnOf(entry: bigint): number | null {
  return entry >> 63n === 1n ? Number(entry & ((1n << 55n) - 1n)) : null
}

/** Some of each kind: text, data, modules, per-CPU areas, stacks, the direct map, and holes. */
function kernelAddresses(kallsyms: string, facts: TrueFacts, tasks: readonly TrueTask[]): string[] {
  const lines = kallsyms.trimEnd().split('\n')
  const mapped = lines.filter((line) => /^ffff/.test(line)).map((line) => line.split(/\s/))
  const everySo = (lines: string[][], count: number) => {
    const step = Math.ceil(lines.length / count)
    return lines.filter((_, i) => i % step === 0).map(([address]) => `0x${address}`)
  }
  const holes = [
    'VMALLOC_START',
    'VMALLOC_END',
    'PAGE_OFFSET',
    'VMEMMAP_START',
    'high_memory',
    'MODULES_VADDR',
  ]
  const around = holes.map((name) => BigInt(`${facts[name]}`))
  return [
    ...everySo(
      mapped.filter(([, , , module]) => !module),
      100,
    ),
    ...everySo(
      mapped.filter(([, , , module]) => module),
      40,
    ),
    ...tasks.flatMap(({ task, stack, mm, pgd }) => [task, stack, mm, pgd]),
    ...facts.cpus.flatMap((cpu) => [cpu.__per_cpu_offset, cpu.cpu_info, cpu.runqueues]),
    ...around.flatMap((address) => [address - 4096n, address].map(hex)),
  ].filter((address) => address !== null)
}

function hex(value: bigint): string {
  return `0x${value.toString(16)}`
}

async function walk(vm: Vm, questions: readonly string[]): Promise<TrueWalk[]> {
  const file = '/proc/ksight_lab/walk'
  return parseLines(await output(vm, `cat >${file} ${lines(questions)}\ncat ${file}`))
}

/** Lines as the standard input of a shell's command. */
function lines(some: readonly string[]): string {
  return `<<end\n${some.join('\n')}\nend`
}

async function readFiles(vm: Vm) {
  const commands = [
    ...['uname -a', 'date +%s', 'cat /proc/uptime', 'cat /proc/stat', 'cat /proc/modules'],
    ...['cat /proc/cmdline', 'cat /sys/kernel/vmcoreinfo', 'grep -c ^processor /proc/cpuinfo'],
    ...['cd /sys/kernel/btf; wc -c *', 'sha256sum *'],
  ]
  const text = await output(vm, commands.map((command) => `${command}; echo ===`).join('\n'))
  const [uname, time, uptime, stat, modules, cmdline, vmcoreinfo, cpus, sizes, hashes] = text.split(
    /^===\n/m,
  ) as [string, string, string, string, string, string, string, string, string, string]
  return {
    uname: uname.trimEnd(),
    time: Number(time),
    uptime: Number(uptime.split(' ')[0]),
    bootTime: Number(/^btime (\d+)/m.exec(stat)?.[1]),
    modules,
    cmdline,
    vmcoreinfo,
    cpus: Number(cpus),
    btf: Array.from(hashes.matchAll(/^(\w{64}) {2}(\w+)$/gm), ([, sha256 = '', name = '']) => {
      return { name, size: Number(new RegExp(`(\\d+) ${name}$`, 'm').exec(sizes)?.[1]), sha256 }
    }),
  }
}

/**
 * What must be true up to the very end is gathered last. The tasks are listed by a process that is
 * there in the end: what it starts before would be gone then.
 */
async function gatherLast(vm: Vm, end: End) {
  const script = `
    dmesg; echo ===
    dd if=/dev/kmsg iflag=nonblock bs=8192 status=none 2>/dev/null || true; echo ===
    sh -c 'echo $$; exec ps -eLo pid=,tid=,ppid=,uid=,euid=,stat=,nlwp=,comm='; echo ===
    exec "$0" /proc/ksight_lab/tasks "$@"`
  const text = await vm.start('sh', ['-c', script, compile('last_look'), ...ENDS[end]])
  const [dmesg = '', kmsg = '', ps = '', tasks = ''] = text.split(/^===\n/m)
  return { dmesg, kmsg, ps: parsePs(ps), tasks: parseLines<TrueTask>(tasks) }
}

function parsePs(text: string): PsRow[] {
  const [own = '', ...lines] = text.trimEnd().split('\n')
  const rows = lines.map((line) => {
    const [, pid, tid, ppid, uid, euid, stat = '', nlwp, comm = ''] =
      /^ *(\d+) +(\d+) +(\d+) +(\d+) +(\d+) +(\S+) +(\d+) (.*)$/.exec(line) ?? []
    return {
      ...{ pid: Number(pid), tid: Number(tid), ppid: Number(ppid) },
      ...{ uid: Number(uid), euid: Number(euid), stat, nlwp: Number(nlwp), comm },
    }
  })
  return rows.filter(({ pid }) => pid !== Number(own))
}
