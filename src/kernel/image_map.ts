import { UnsupportedError } from '../errors.js'
import type { Vmcoreinfo } from './vmcoreinfo.js'

/** Where the kernel's image and its page tables are in physical memory. */
export interface KernelImageMap {
  /** As uname(2) names it. */
  readonly machine: 'x86_64' | 'aarch64'
  /** An address within the image minus the physical address that it is mapped to, modulo 2^64. */
  readonly virtualOffset: bigint
  /** The physical address of `swapper_pg_dir`: the kernel's own page tables. */
  readonly pageTable: bigint
  /** Levels of the page tables. */
  readonly levels: number
  /** Bits of a kernel's virtual address that are looked up in the page tables. */
  readonly addressBits: number
  /** Of the smallest page, in bytes. */
  readonly pageSize: number
  /** The bit of a page-table entry that says that the page is encrypted (`sme_me_mask`), or 0. */
  readonly encryptionMask: bigint
}

/** Where x86-64 maps the image (`__START_KERNEL_map`), less `phys_base`. */
const START_KERNEL_MAP = 0xffffffff80000000n

/**
 * What VMCOREINFO tells of the image of a kernel for x86-64 (`NUMBER(phys_base)`, Linux 4.10) or
 * arm64 (`NUMBER(kimage_voffset)`, Linux 4.12). Throws {@link UnsupportedError}.
 */
export function kernelImageMap(vmcoreinfo: Vmcoreinfo): KernelImageMap {
  const physBase = vmcoreinfo.number('phys_base')
  if (physBase !== undefined) return x86ImageMap(vmcoreinfo, physBase)
  const kimageVoffset = vmcoreinfo.number('kimage_voffset')
  if (kimageVoffset !== undefined) return arm64ImageMap(vmcoreinfo, kimageVoffset)
  throw new UnsupportedError(
    'cannot tell where the kernel image is',
    'VMCOREINFO has neither phys_base nor kimage_voffset',
    'an architecture that is not known yet, or Linux before 4.10',
  )
}

function x86ImageMap(vmcoreinfo: Vmcoreinfo, physBase: bigint): KernelImageMap {
  const virtualOffset = BigInt.asUintN(64, START_KERNEL_MAP - physBase)
  const levels = vmcoreinfo.number('pgtable_l5_enabled') === 1n ? 5 : 4
  return {
    machine: 'x86_64',
    virtualOffset,
    pageTable: pageTable(vmcoreinfo, virtualOffset, ['swapper_pg_dir', 'init_top_pgt']),
    levels,
    addressBits: 12 + 9 * levels,
    pageSize: 4096,
    encryptionMask: BigInt.asUintN(64, vmcoreinfo.number('sme_mask') ?? 0n),
  }
}

function arm64ImageMap(vmcoreinfo: Vmcoreinfo, kimageVoffset: bigint): KernelImageMap {
  const virtualOffset = BigInt.asUintN(64, kimageVoffset)
  // What the hardware does may be less than what the kernel was built for (Linux 5.11).
  const t1sz = vmcoreinfo.number('TCR_EL1_T1SZ')
  const addressBits = t1sz === undefined ? vmcoreinfo.number('VA_BITS') : 64n - t1sz
  const pageSize = Number(vmcoreinfo.get('PAGESIZE'))
  const shift = Math.log2(pageSize)
  if (addressBits === undefined || addressBits < 36n || addressBits > 52n || shift % 2 !== 0) {
    throw new UnsupportedError(
      'cannot tell how the kernel image is mapped',
      `VMCOREINFO says ${addressBits} address bits and pages of ${pageSize} bytes`,
    )
  }
  return {
    machine: 'aarch64',
    virtualOffset,
    pageTable: pageTable(vmcoreinfo, virtualOffset, ['swapper_pg_dir']),
    levels: Math.ceil((Number(addressBits) - shift) / (shift - 3)),
    addressBits: Number(addressBits),
    pageSize,
    encryptionMask: 0n,
  }
}

function pageTable(
  vmcoreinfo: Vmcoreinfo,
  virtualOffset: bigint,
  names: readonly string[],
): bigint {
  for (const name of names) {
    const address = vmcoreinfo.symbol(name)
    if (address !== undefined) return BigInt.asUintN(64, address - virtualOffset)
  }
  throw new UnsupportedError(
    'cannot tell where the page tables are',
    `VMCOREINFO does not list ${names.join(' or ')}`,
  )
}
