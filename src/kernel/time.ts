import { UnsupportedError } from '../errors.js'
import type { UntypedView } from '../object/kernel_types.js'
import type { Kernel } from './kernel.js'
import { cpuRq } from './percpu.js'

// The clocks are taken from per-CPU variables, which BTF lists in every kernel; where the timekeeper
// (`tk_core`) is, only kallsyms of a kernel with CONFIG_KALLSYMS_ALL tells.

/** The bit of `tick_sched.flags` that was the member `tick_stopped` in older kernels. */
const TS_FLAG_STOPPED = 1 << 1

/** What has to be added to CLOCK_MONOTONIC for another clock, in nanoseconds. */
export interface ClockOffsets {
  /** For CLOCK_REALTIME, which counts from 1970: `offs_real` of the kernel's timekeeper. */
  readonly real: bigint
  /** For CLOCK_BOOTTIME, which goes on while the machine is suspended: `offs_boot`. */
  readonly boot: bigint
}

/** The {@link ClockOffsets} as the CPU has them that heard of the latest change of the time. */
export function clockOffsets(kernel: Kernel): ClockOffsets {
  const bases = kernel.cpus.map((cpu) => kernel.perCpu('hrtimer_bases', cpu) as UntypedView)
  const [latest] = bases.sort((a, b) => b.clock_was_set_seq - a.clock_was_set_seq)
  if (latest === undefined) throw new UnsupportedError('cannot tell the time', 'no CPU is known')
  const offsetOf = (clock: string): bigint => {
    return latest.clock_base[enumerator(kernel, 'hrtimer_base_type', clock)].offset
  }
  return { real: offsetOf('HRTIMER_BASE_REALTIME'), boot: offsetOf('HRTIMER_BASE_BOOTTIME') }
}

/** `getboottime64()`: when the kernel was started, in nanoseconds since 1970, as `btime` of /proc/stat. */
export function getBootTime(kernel: Kernel): bigint {
  const { real, boot } = clockOffsets(kernel)
  return real - boot
}

/**
 * `ktime_get()`: CLOCK_MONOTONIC in nanoseconds, as exact as the CPUs tell: one that is busy knows
 * when its next tick will be, one that is idle since when it is.
 */
export function ktimeGet(kernel: Kernel): bigint {
  const times = kernel.cpus.map((cpu) => latestTime(kernel.perCpu('tick_cpu_sched', cpu)))
  const latest = max(times)
  // Without high resolution and without NO_HZ, no CPU keeps such a time; but how long it runs.
  return latest > 0n ? latest : max(kernel.cpus.map((cpu) => cpuRq(kernel, cpu).clock))
}

function latestTime(tick: unknown): bigint {
  const {
    flags,
    tick_stopped: stopped,
    idle_entrytime: idle,
    sched_timer: timer,
  } = tick as UntypedView
  const isStopped = stopped ?? (Number(flags) & TS_FLAG_STOPPED) !== 0
  return isStopped ? idle : max([idle, timer.node.expires])
}

/** Seconds since the kernel was started, those in suspend included, as /proc/uptime has them. */
export function uptime(kernel: Kernel): number {
  return Number(ktimeGet(kernel) + clockOffsets(kernel).boot) / 1e9
}

function enumerator({ types }: Kernel, enumeration: string, wanted: string): number {
  const found = types.get(enumeration, 'enum').values.find(({ name }) => name === wanted)
  if (found !== undefined) return Number(found.value)
  throw new UnsupportedError('cannot tell the time', `this kernel has no ${wanted}`)
}

const max = (times: readonly bigint[]) => times.reduce((a, b) => (b > a ? b : a), 0n)
