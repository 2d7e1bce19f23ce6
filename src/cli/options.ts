import { UsageError } from '../errors.js'
import { LOG_LEVELS } from '../kernel/log_record.js'
import type { Walk } from '../kernel/tasks.js'
import type { Via } from '../live/open_memory.js'
import type { PointerMode } from './render/pointers.js'
import type { AddressRange } from './vas/part.js'

/** The ways to read the running kernel's memory; named here, so that nothing of them need be loaded. */
export const VIAS: readonly Via[] = ['bpf', 'kcore']

/** The options of every command, as commander names them. */
export interface GlobalOptions {
  readonly json?: true
  readonly pointers?: PointerMode
  readonly via?: Via
  readonly debug?: true
  /** `--no-color` makes it false. */
  readonly color: boolean
  /** `-c FILE`: a memory image; several files if it was split. */
  readonly c?: readonly string[]
  readonly vmlinux?: string
  readonly systemMap?: string
  readonly btf?: string
}

export interface WalkOptions {
  readonly walk?: Walk
}

/** Larger than any pid: PID_MAX_LIMIT is 2^22. */
const PID_LIMIT = 2 ** 31

export function parsePid(text: string): number {
  const pid = Number(text)
  if (/^\d+$/.test(text) && pid < PID_LIMIT) return pid
  throw new UsageError(`wrong PID ${JSON.stringify(text)}`, 'it must be a whole number')
}

/** An address, in hexadecimal, with `0x` or without. */
export function parseAddress(text: string): bigint {
  if (/^(0x)?[0-9a-f]{1,16}$/i.test(text)) return BigInt(`0x${text.replace(/^0x/i, '')}`)
  throw new UsageError(
    `wrong address ${JSON.stringify(text)}`,
    'it must have at most 16 hexadecimal digits',
  )
}

export function parseCount(text: string): number {
  const count = Number(text)
  if (/^\d+$/.test(text) && Number.isSafeInteger(count)) return count
  throw new UsageError(`wrong number ${JSON.stringify(text)}`, 'it must be a whole number')
}

/** Names of levels, separated by commas, as their numbers. */
export function parseLevels(text: string): ReadonlySet<number> {
  const levels = text.split(',').map((name) => {
    const level = (LOG_LEVELS as readonly string[]).indexOf(name)
    if (level !== -1) return level
    throw new UsageError(
      `unknown level ${JSON.stringify(name)}`,
      `there are ${LOG_LEVELS.join(', ')}`,
    )
  })
  return new Set(levels)
}

/** Shorter waits would show the machine nothing but our own work. */
const SHORTEST_WATCH = 0.1

export function parseSeconds(text: string): number {
  const seconds = Number(text)
  if (/^\d*\.?\d+$/.test(text) && seconds >= SHORTEST_WATCH && seconds <= 86400) return seconds
  throw new UsageError(
    `wrong number of seconds ${JSON.stringify(text)}`,
    `--watch takes ${SHORTEST_WATCH} to 86400`,
  )
}

const LIMIT = 1n << 64n
const UNITS: Record<string, bigint> = { '': 1n, K: 1n << 10n, M: 1n << 20n, G: 1n << 30n }

/** `ADDR[,LEN]`: an address in hexadecimal, and a number of bytes, perhaps with K, M or G behind it. */
export function parseLocation(text: string): AddressRange {
  const [, digits, count = '1', unit = ''] =
    /^(?:0x)?([0-9a-f]{1,16})(?:,(0x[0-9a-f]{1,16}|\d{1,20})([KMG]?))?$/i.exec(text) ?? []
  const length = BigInt(count.toLowerCase()) * UNITS[unit.toUpperCase()]!
  const start = digits === undefined ? LIMIT : BigInt(`0x${digits}`)
  const end = start + length
  if (length > 0n && end <= LIMIT) return { start, end }
  throw new UsageError(
    `wrong place ${JSON.stringify(text)}`,
    '--locate takes a hexadecimal address, and after a comma a number of bytes',
    'such as 7ffd5e3f1000 or 0x7ffd5e3f1000,8K',
  )
}
