import { hex } from '../../bytes/hex.js'
import type { PageInfo } from '../../kernel/page_info.js'
import { vmPermissions } from '../../kernel/vm_flags.js'
import { explain } from '../explanation.js'
import type { Page } from '../terminal.js'
import type { Apart, KernelPlace, NamedStep, Translation, Vma } from '../translation.js'
import { symbolName } from '../translation_json.js'
import { drawAddress } from './address_bits.js'
import { labelled } from './labelled.js'
import type { ShowPointer } from './pointers.js'
import { printable } from './printable.js'
import { sizeText } from './size_text.js'

export function apartAsText(apart: Apart, page: Page): string {
  return `${page.style.bold(headline(apart))}\n\n${drawAddress(apart, apart.address)}`
}

const HALVES = {
  lower: 'a user address, canonical',
  upper: 'a kernel address, canonical',
  hole: 'not canonical, in the hole between user and kernel addresses',
  flat: 'an address',
} as const

function headline({ address, mode, half }: Apart): string {
  return `${hex(address)}: ${HALVES[half]} (${mode.name})`
}

export function translationAsText(translation: Translation, page: Page, show: ShowPointer): string {
  const line = (label: string, text: string) =>
    labelled(label.padEnd(10), printable(text), page.width)
  const { steps, walk, vma, place, page: struct, owner } = translation
  const parts = [
    apartAsText(translation, page),
    '\n',
    owner === undefined
      ? ''
      : line(
          'task',
          `${owner.pid} (${owner.comm})${owner.kernelThread ? ', a kernel thread' : ''}`,
        ),
    vma === undefined ? '' : line('mapping', vmaText(vma)),
    ...(place === undefined ? [] : placeLines(place, show).map((text) => line('place', text))),
    ...steps.map((step) => stepText(step, line)),
    walk?.end.kind === 'page'
      ? line('physical', physicalText(walk.end.physical, walk.end.pageSize))
      : '',
    struct === undefined ? '' : pageText(struct, line, show),
  ]
  const meaning = explain(translation)
  return parts.join('') + (meaning === undefined ? '' : line('meaning', meaning))
}

type Line = (label: string, text: string) => string

function stepText(
  { level, index, entryAddress, entry, kind, names, physical }: NamedStep,
  line: Line,
): string {
  const where = `[${index}] at ${hex(entryAddress)}: ${hex(entry)}`
  if (kind === 'not present')
    return line(level, `${where}, ${entry === 0n ? 'empty' : 'not present'}`)
  if (kind === 'reserved') return line(level, `${where}, reserved bits are set`)
  const target = `${kind === 'table' ? 'table' : 'page'} at ${hex(physical!)}`
  return line(level, `${where}, ${target}`) + line('', names.join(' '))
}

function physicalText(physical: bigint, size: number): string {
  return `${hex(physical)}, PFN ${hex(physical >> 12n)}, in a page of ${sizeText(size)}`
}

function vmaText({ start, end, flags, offset, name }: Vma): string {
  const range = `${hex(start)}-${hex(end)} ${vmPermissions(flags)}`
  return name === undefined ? `${range}, anonymous` : `${range} ${name}, offset ${hex(offset)}`
}

function placeLines(
  { symbol, vmapArea, directMap, structPage, unknown }: KernelPlace,
  show: ShowPointer,
): string[] {
  const caller = symbolName(vmapArea?.caller)
  return [
    ...(symbol === undefined ? [] : [symbolName(symbol)!]),
    ...(directMap ? ['the direct map of physical memory'] : []),
    ...(structPage === undefined ? [] : [`vmemmap: the struct page of PFN ${hex(structPage)}`]),
    ...(vmapArea === undefined
      ? []
      : [
          `a vmalloc area, ${show(vmapArea.start)}-${show(vmapArea.end)}${caller === undefined ? '' : `, made by ${caller}`}`,
        ]),
    ...(unknown === undefined ? [] : [`not known: ${unknown}`]),
  ]
}

function pageText(page: NonNullable<Translation['page']>, line: Line, show: ShowPointer): string {
  if (page === 'none') return line('page', 'no struct page')
  if ('unknown' in page) return line('page', `not known: ${page.unknown}`)
  const { refcount, mapcount, compound, flags } = page
  const counts = `refcount ${refcount}, mapcount ${mapcount}`
  return (
    line('page', `${show(page.page)}, ${counts}${compoundText(compound, show)}`) +
    line('flags', flags.join(' ') || 'none') +
    line('holds', ownerText(page, show))
  )
}

function compoundText(compound: PageInfo['compound'], show: ShowPointer): string {
  return compound === undefined ? '' : `, one of ${compound.pages} from ${show(compound.head)} on`
}

function ownerText({ owner, refcount }: PageInfo, show: ShowPointer): string {
  switch (owner.kind) {
    case 'anonymous':
      return `anonymous memory, index ${hex(owner.index)}${owner.swapCache ? ', in the swap cache' : ''}`
    case 'ksm':
      return `anonymous memory that is shared with others like it (KSM)`
    case 'file':
    case 'shmem':
      return `page ${owner.index} of ${owner.kind === 'shmem' ? 'shared memory' : 'a file'}: ${owner.name ?? 'no name known'}, inode ${owner.inode} of ${owner.fileSystem} ${owner.device}`
    case 'slab':
      return `slab cache ${owner.cache} at ${show(owner.address)}`
    case 'free':
      return `free, in the buddy allocator (order ${owner.order})`
    case 'page table':
      return 'a page table'
    case 'hugetlb':
      return 'hugetlb'
    case 'reserved':
      return 'reserved: never given to the page allocator (the kernel image, firmware)'
    case 'typed':
      return `memory of the type ${owner.type}`
    case 'uninitialized':
      return 'never given to anybody: its struct page is not filled in yet'
    case 'unknown':
      if (refcount === 0) return 'free: nobody has it, but it is in no list of the buddy allocator'
      return 'not known: neither mapped memory nor of a type that pages tell; the kernel’s own, mostly'
    default:
      return `the ${owner.kind}`
  }
}
