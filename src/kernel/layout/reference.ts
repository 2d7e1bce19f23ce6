import type { LayoutMode, Split } from './modes.js'
import { arm64Reference } from './reference_arm64.js'
import { x86_32Reference } from './reference_x86_32.js'
import { x86_64Reference } from './reference_x86_64.js'
import type { Region } from './region.js'

/**
 * What virtual addresses are set aside for in a mode, in ascending order: by the kernel's sources, for no
 * kernel in particular. `split` is user to kernel in GiB, and matters to the modes of 32 bits.
 */
export function referenceLayout(mode: LayoutMode, split: Split = '3:1'): Region[] {
  switch (mode) {
    case 'x86-32':
    case 'x86-32-pae':
      return x86_32Reference(mode === 'x86-32-pae', split)
    case 'x86-64':
    case 'x86-64-la57':
      return x86_64Reference(mode === 'x86-64' ? 4 : 5)
    default: {
      const [, pageSize, bits] = /^arm64-(\d+)k-(\d+)$/.exec(mode)!
      return arm64Reference(1024 * Number(pageSize), Number(bits))
    }
  }
}
