import { nearestNames } from '../bytes/nearest.js'
import { UsageError } from '../errors.js'
import { arm64 } from '../memory/paging/arm64.js'
import type { PagingMode } from '../memory/paging/mode.js'
import { x86_32, x86_64, x86Pae } from '../memory/paging/x86.js'

/** The paging modes that Linux has on the architectures that are known here, by the names of `--mode`. */
const MODES: Readonly<Record<string, () => PagingMode>> = {
  'x86-32': () => x86_32(),
  'x86-32-pae': () => x86Pae(),
  'x86-64': () => x86_64(4),
  'x86-64-la57': () => x86_64(5),
  ...arm64Modes(12, '4k', [39, 48, 52]),
  ...arm64Modes(14, '16k', [36, 47, 48, 52]),
  ...arm64Modes(16, '64k', [42, 48, 52]),
}

const MODE_NAMES: readonly string[] = Object.keys(MODES)

export function pagingMode(name: string): PagingMode {
  const make = Object.hasOwn(MODES, name) ? MODES[name] : undefined
  if (make !== undefined) return make()
  const [nearest] = nearestNames(name, MODE_NAMES)
  throw new UsageError(
    `unknown paging mode ${JSON.stringify(name)}`,
    `there are ${MODE_NAMES.join(', ')}`,
    nearest === undefined ? undefined : `did you mean ${nearest}?`,
  )
}

function arm64Modes(pageShift: 12 | 14 | 16, pages: string, sizes: readonly number[]) {
  const modes = sizes.map((addressBits) => {
    return [`arm64-${pages}-${addressBits}`, () => arm64({ pageShift, addressBits })] as const
  })
  return Object.fromEntries(modes)
}
