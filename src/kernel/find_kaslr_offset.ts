import { hex } from '../bytes/hex.js'
import { InconsistentError, UnsupportedError } from '../errors.js'
import type { Fact } from './fact.js'
import type { Vmcoreinfo } from './vmcoreinfo.js'

/** Without KASLR, x86-64's kernel text starts here: __START_KERNEL_map + CONFIG_PHYSICAL_START. */
const LINKED_TEXT = 0xffffffff81000000n

/** CONFIG_PHYSICAL_ALIGN: KASLR moves the image by a multiple of it. */
const KASLR_ALIGN = 1n << 21n

/**
 * By how much KASLR moved the kernel's image: KERNELOFFSET of VMCOREINFO, checked against the
 * address of `_stext`, which both VMCOREINFO and kallsyms know.
 */
export function findKaslrOffset(vmcoreinfo: Vmcoreinfo, stext: bigint | undefined): Fact<bigint> {
  const offset = vmcoreinfo.kernelOffset
  if (offset === undefined) {
    throw new UnsupportedError('cannot tell the KASLR offset', 'VMCOREINFO has no KERNELOFFSET')
  }
  const noted = vmcoreinfo.symbol('_stext')
  if (stext !== undefined && noted !== undefined && stext !== noted) {
    throw new InconsistentError(
      'cannot tell the KASLR offset',
      `_stext is at ${hex(noted)} by VMCOREINFO and at ${hex(stext)} by kallsyms`,
    )
  }
  const text = stext ?? noted
  if (text === undefined || text - offset !== LINKED_TEXT || offset % KASLR_ALIGN !== 0n) {
    throw new InconsistentError(
      'cannot tell the KASLR offset',
      `KERNELOFFSET ${hex(offset)} does not fit _stext at ${text === undefined ? '?' : hex(text)}`,
    )
  }
  return {
    name: 'KASLR offset',
    value: offset,
    how: 'KERNELOFFSET of VMCOREINFO',
    checked: `_stext at ${hex(text)} is ${hex(LINKED_TEXT)} moved by it`,
  }
}
