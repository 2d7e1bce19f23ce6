/** How the time of a message is shown, by the names that dmesg has for it. */
export const LOG_TIMES = ['raw', 'ctime', 'iso', 'delta', 'notime'] as const

export type LogTime = (typeof LOG_TIMES)[number]

/** Nanoseconds since boot as seconds, as printk writes them: `    1.234567`. */
export function rawTime(nanoseconds: bigint): string {
  const microseconds = String(nanoseconds / 1000n).padStart(7, '0')
  return `${microseconds.slice(0, -6).padStart(5)}.${microseconds.slice(-6)}`
}

/** Seconds between two messages, as dmesg writes them; it takes the time 0 for that of no message. */
export function deltaTime(from: bigint, to: bigint): string {
  const start = from / 1000n
  const microseconds = start === 0n ? 0n : to / 1000n - start
  return `<${(Number(microseconds) / 1e6).toFixed(6).padStart(12)}>`
}

/** A local time, as ctime(3) has it: `Mon Nov 23 16:51:19 2026`. `time` is in nanoseconds since 1970. */
export function ctime(time: bigint): string {
  const date = dateOf(time)
  const [weekday, month] = date.toDateString().split(' ')
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')
  return `${weekday} ${month} ${String(date.getDate()).padStart(2)} ${clock} ${date.getFullYear()}`
}

/** A local time as ISO 8601 has it, with microseconds: `2026-11-23T16:51:19,123456+01:00`. */
export function isoTime(time: bigint): string {
  const date = dateOf(time)
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-')
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')
  const microseconds = String((time / 1000n) % 1_000_000n).padStart(6, '0')
  return `${day}T${clock},${microseconds}${zone(-date.getTimezoneOffset())}`
}

function zone(minutes: number): string {
  const absolute = Math.abs(minutes)
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(absolute / 60))}:${two(absolute % 60)}`
}

const dateOf = (nanoseconds: bigint) => new Date(Number(nanoseconds / 1_000_000n))

const two = (number: number) => String(number).padStart(2, '0')
