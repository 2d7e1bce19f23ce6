import { hex } from '../bytes/hex.js'
import type { PageInfo, PageOwner } from '../kernel/page_info.js'
import { vmPermissions } from '../kernel/vm_flags.js'
import type { NearestSymbol } from '../symbols/symbols.js'
import { explain } from './explanation.js'
import type { ShowPointer } from './render/pointers.js'
import type { Apart, KernelPlace, Owner, Translation, Vma } from './translation.js'

export function apartAsJson({ address, mode, parts, isCanonical, half }: Apart) {
  return {
    address: hex(address),
    mode: mode.name,
    canonical: isCanonical,
    half,
    parts: parts.map(({ name, from, to, value }) => {
      return { name, bits: [from, to], value: name === 'sign' ? hex(value) : Number(value) }
    }),
  }
}

export function translationAsJson(translation: Translation, show: ShowPointer) {
  const { owner, walk, steps, swap, page, vma, place } = translation
  return {
    ...apartAsJson(translation),
    task: owner === undefined ? null : ownerAsJson(owner, show),
    steps: steps.map(({ level, index, entryAddress, entry, kind, names, physical }) => {
      const target = physical === undefined ? null : hex(physical)
      const where = { level, index, entryAddress: hex(entryAddress), entry: hex(entry) }
      return { ...where, kind, flags: names, physical: target }
    }),
    end: walk?.end.kind ?? 'no mm',
    explanation: explain(translation) ?? null,
    ...physicalAsJson(walk),
    swap: swap === undefined ? null : { ...swap, ...('pfn' in swap && { pfn: hex(swap.pfn) }) },
    page: pageAsJson(page, show),
    mapping: vma === undefined ? null : vmaAsJson(vma),
    place: place === undefined ? null : placeAsJson(place, show),
  }
}

function ownerAsJson({ pid, comm, kernelThread, borrowed }: Owner, show: ShowPointer) {
  const from = borrowed && { mm: show(borrowed.mm), from: borrowed.from ?? null }
  return { pid, comm, kernelThread, activeMm: from ?? null }
}

function physicalAsJson(walk: Translation['walk']) {
  if (walk?.end.kind !== 'page') return { physical: null, pfn: null, pageSize: null }
  const { physical, pageSize } = walk.end
  return { physical: hex(physical), pfn: hex(physical >> 12n), pageSize }
}

function pageAsJson(page: Translation['page'], show: ShowPointer) {
  if (page === undefined || page === 'none') return null
  return 'unknown' in page ? page : infoAsJson(page, show)
}

function infoAsJson(
  { page, flags, refcount, mapcount, compound, owner }: PageInfo,
  show: ShowPointer,
) {
  return {
    page: show(page),
    flags,
    refcount,
    mapcount,
    compound: compound === undefined ? null : { ...compound, head: show(compound.head) },
    owner: pageOwnerAsJson(owner, show),
  }
}

function pageOwnerAsJson(owner: PageOwner, show: ShowPointer) {
  return owner.kind === 'slab' ? { ...owner, address: show(owner.address) } : owner
}

function vmaAsJson({ start, end, flags, offset, name }: Vma) {
  return {
    start: hex(start),
    end: hex(end),
    permissions: vmPermissions(flags),
    offset,
    name: name ?? null,
  }
}

function placeAsJson(
  { symbol, vmapArea, directMap, structPage, unknown }: KernelPlace,
  show: ShowPointer,
) {
  return {
    symbol: symbolName(symbol) ?? null,
    directMap,
    structPage: structPage === undefined ? null : hex(structPage),
    vmapArea:
      vmapArea === undefined
        ? null
        : {
            start: show(vmapArea.start),
            end: show(vmapArea.end),
            caller: symbolName(vmapArea.caller) ?? null,
          },
    unknown: unknown ?? null,
  }
}

/** `name+0x10`, with the module behind it. */
export function symbolName(nearest: NearestSymbol | undefined): string | undefined {
  if (nearest === undefined) return undefined
  const { symbol, offset } = nearest
  const place = offset === 0 ? symbol.name : `${symbol.name}+${hex(offset)}`
  return symbol.module === undefined ? place : `${place} [${symbol.module}]`
}
