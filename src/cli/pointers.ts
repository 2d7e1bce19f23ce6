import { pointerRule, symbolRule } from './live.js'
import type { GlobalOptions } from './options.js'
import {
  type PointerMode,
  pointerShower,
  type ShowPointer,
  withPointers,
} from './render/pointers.js'

const showers = new Map<PointerMode, ShowPointer>()

/** One for each way in a run, so that the same address has the same hash wherever it is shown. */
function shower(mode: PointerMode): ShowPointer {
  let show = showers.get(mode)
  if (show === undefined) {
    show = pointerShower(mode)
    showers.set(mode, show)
  }
  return show
}

/** Who has the memory of a kernel has its addresses. */
const OF_IMAGES: PointerMode = 'raw'

/** How pointers are shown: as the kernel prints `%pK`, unless `--pointers` says otherwise. */
export function pointerMode({ pointers, c }: GlobalOptions): PointerMode {
  return pointers ?? (c === undefined ? pointerRule() : OF_IMAGES)
}

export function showPointers(options: GlobalOptions): ShowPointer {
  return shower(pointerMode(options))
}

/** How the address of a symbol is shown: as in /proc/kallsyms, unless `--pointers` says otherwise. */
export function showSymbols({ pointers, c }: GlobalOptions): ShowPointer {
  return shower(pointers ?? (c === undefined ? symbolRule() : OF_IMAGES))
}

/** A message of an error or about a fact, with the addresses in it as pointers are shown. */
export function showMessage(message: string, options: GlobalOptions): string {
  return withPointers(message, showPointers(options))
}
