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

/** What the guest said of itself just before the image was made, or before it crashed. */
export interface Truth {
  /** The idle tasks first, then all threads in the order of the kernel's list. */
  readonly tasks: readonly TrueTask[]
  /** See lab/module/facts.c; numbers, and addresses as hexadecimal text. */
  readonly facts: any
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
  /** QEMU's `info registers -a`. */
  readonly registers: string
}

/** What the process that gathers the truth does in the end. */
export type End = 'stay' | 'sysrq' | 'null'

const ENDS: Record<End, string> = {
  stay: 'read -r forever <>/run/forever',
  sysrq: 'echo c >/proc/sysrq-trigger',
  null: 'echo null >/proc/ksight_lab/crash',
}

/** Starts what makes the image instructive: programs that stay and sleep. */
export async function startProcesses(vm: Vm): Promise<void> {
  await output(vm, 'mkfifo /run/forever')
  const programs = [
    ['odd_tasks', 'a name (with) ', '\u00e9\t"\\'],
    ['threads', '5', '0', '1'],
    ['namespaces', '2'],
    // With so much of it, some is in huge pages.
    ['pages', '2048', '64', process.execPath],
    ['files', '/run/files'],
    ['creds'],
  ] as const
  await output(vm, 'mkdir /run/files')
  for (const [name, ...args] of programs) {
    await vm.start('sh', ['-c', 'exec "$@" 0<>/run/forever', 'sh', compile(name), ...args])
  }
  // It says only its pid; a process in uninterruptible sleep.
  const vfork = '"$1" 0<>/run/forever | sed -u s/.*/ready/'
  await vm.start('sh', ['-c', vfork, 'sh', compile('vfork_parent')])
}

/** Everything but the registers, and /proc/kallsyms besides. */
export async function gatherTruth(vm: Vm, end: End) {
  await output(vm, 'echo 0 >/proc/sys/kernel/kptr_restrict')
  await untilQuiet(vm)
  const before = await readTasks(vm)
  const kallsyms = await output(vm, 'cat /proc/kallsyms')
  const facts = JSON.parse(await output(vm, 'cat /proc/ksight_lab/facts'))
  const processes = await readProcesses(vm, before)
  const pagemap = await readPagemap(vm, processes)
  const kernel = kernelAddresses(kallsyms, facts, before)
  const user = pagemap.map(({ pid, address }) => `${pid} ${address}`)
  const walks = await walk(vm, [...kernel.map((address) => `0 ${address}`), ...user])
  const files = await readFiles(vm)
  const last = await gatherLast(vm, end)
  return { kallsyms, facts, processes, pagemap, walks, ...files, ...last }
}

/** All tasks are still there after the image was made. */
export async function stillTrue(vm: Vm, { tasks, dmesg }: Omit<Truth, 'registers'>) {
  const key = ({ pid, comm, task, mm }: TrueTask) => `${pid} ${comm} ${task} ${mm}`
  const now = new Set((await readTasks(vm)).map(key))
  const gone = tasks.map(key).filter((task) => !now.has(task))
  const log = await output(vm, 'dmesg')
  if (gone.length > 0) throw new Error(`the guest was not quiet, gone are: ${gone}`)
  if (log !== dmesg) throw new Error(`the guest was not quiet: ${log.slice(dmesg.length)}`)
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

function parseLines(text: string): any[] {
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
  const pids = tasks.filter(({ pid, tgid, mm }) => pid === tgid && mm !== null && pid !== 0)
  const processes = []
  const script = pids.map(
    ({ pid }) => `echo "pid ${pid}"; cat /proc/${pid}/status; echo maps; cat /proc/${pid}/maps`,
  )
  // Some may be gone: those that listed the tasks.
  const text = await output(vm, `{ ${script.join('; ')}; } 2>/dev/null || true`)
  for (const part of text.split(/^pid /m).slice(1)) {
    const [, pid, status, maps] = /^(\d+)\n(.*)^maps\n(.*)/ms.exec(part) ?? []
    if (status && maps) processes.push({ pid: Number(pid), status, maps })
  }
  return processes
}

/** The first pages of each area, of some processes. */
async function readPagemap(vm: Vm, processes: Truth['processes']) {
  const named = processes.filter(({ status }) => /^Name:\t(pages|threads|busybox)$/m.test(status))
  const areas = named.flatMap(({ pid, maps }) => {
    const lines = maps.trimEnd().split('\n')
    return lines.flatMap((line) => {
      const [, first = 0n, end = 0n] = (/^(\w+)-(\w+)/.exec(line) ?? []).map((n) =>
        BigInt(`0x${n.replace(/.*-.*/, '0')}`),
      )
      const pages = Number((end - first) / 4096n)
      // The page of vsyscalls is not in any page table of user space.
      if (first >= 1n << 63n) return []
      return [{ pid, first, pages: Math.min(pages, 6) }]
    })
  })
  const script = areas.map(({ pid, first, pages }) => {
    return `dd if=/proc/${pid}/pagemap bs=8 skip=${first / 4096n} count=${pages} status=none`
  })
  const bytes = await outputBytes(vm, script.join('\n'))
  const addresses = areas.flatMap(({ pid, first, pages }) => {
    return Array.from({ length: pages }, (_, i) => ({ pid, address: first + BigInt(i) * 4096n }))
  })
  return addresses.map(({ pid, address }, i) => {
    const entry = bytes.readBigUInt64LE(i * 8)
    const present = entry >> 63n === 1n
    const pfn = present ? Number(entry & ((1n << 55n) - 1n)) : null
    return { pid, address: hex(address), pfn }
  })
}

/** Some of each kind: text, data, modules, per-CPU areas, stacks, the direct map, and holes. */
function kernelAddresses(kallsyms: string, facts: any, tasks: readonly TrueTask[]): string[] {
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
  const around = holes.map((name) => BigInt(facts[name]))
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
    ...facts.cpus.flatMap((cpu: any) => [cpu.__per_cpu_offset, cpu.cpu_info, cpu.runqueues]),
    ...around.flatMap((address) => [address - 4096n, address, address + 0x123456n].map(hex)),
  ].filter((address) => address !== null)
}

function hex(value: bigint): string {
  return `0x${value.toString(16)}`
}

async function walk(vm: Vm, questions: readonly string[]): Promise<TrueWalk[]> {
  const write = (some: readonly string[]) => `cat <<end\n${some.join('\n')}\nend\n`
  const script = `{ ${write(questions)} } >/proc/ksight_lab/walk\ncat /proc/ksight_lab/walk`
  return parseLines(await output(vm, script))
}

async function readFiles(vm: Vm) {
  const stat = await output(vm, 'cat /proc/stat')
  const btf = await output(vm, 'cd /sys/kernel/btf; sha256sum *; wc -c *')
  const sizes = new Map(
    Array.from(btf.matchAll(/^ *(\d+) (\w+)$/gm), ([, size, name]) => [name, Number(size)]),
  )
  return {
    uname: (await output(vm, 'uname -a')).trimEnd(),
    uptime: Number((await output(vm, 'cat /proc/uptime')).split(' ')[0]),
    bootTime: Number(/^btime (\d+)/m.exec(stat)?.[1]),
    time: Number(await output(vm, 'date +%s')),
    cpus: Number(await output(vm, 'grep -c ^processor /proc/cpuinfo')),
    modules: await output(vm, 'cat /proc/modules'),
    cmdline: await output(vm, 'cat /proc/cmdline'),
    vmcoreinfo: await output(vm, 'cat /sys/kernel/vmcoreinfo'),
    btf: Array.from(btf.matchAll(/^(\w{64}) {2}(\w+)$/gm), ([, sha256 = '', name = '']) => {
      return { name, size: sizes.get(name) ?? 0, sha256 }
    }),
  }
}

/**
 * What must be true up to the very end is gathered by a process that is there in the end: it reads
 * the tasks itself, without any process that would be gone then.
 */
async function gatherLast(vm: Vm, end: End) {
  const script = `
    dmesg; echo "=== kmsg"
    dd if=/dev/kmsg iflag=nonblock bs=8192 status=none 2>/dev/null || true; echo "=== ps"
    sh -c 'echo $$; exec ps -eLo pid=,tid=,ppid=,uid=,euid=,stat=,nlwp=,comm='; echo "=== tasks"
    while read -r line; do printf '%s\\n' "$line"; done </proc/ksight_lab/tasks
    echo ready
    ${ENDS[end]}`
  const text = await vm.start('sh', ['-c', script])
  const [dmesg = '', kmsg = '', ps = '', tasks = ''] = text.split(/^=== .*\n/m)
  return { dmesg, kmsg, ps: parsePs(ps), tasks: parseLines(tasks) as TrueTask[] }
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
