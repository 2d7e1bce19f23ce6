import { hex } from '../../bytes/hex.js'
import { NotFoundError } from '../../errors.js'
import type { KernelSymbol, NearestSymbol, Symbols } from '../../symbols/symbols.js'
import { openSymbols } from '../open.js'
import type { GlobalOptions } from '../options.js'
import { showMessage, showSymbols } from '../pointers.js'
import { present } from '../present.js'
import type { ShowPointer } from '../render/pointers.js'
import { writeErr } from '../stdio.js'

/** Where a symbol is, or what is at an address. */
export async function sym(what: string, options: GlobalOptions): Promise<void> {
  const symbols = openSymbols(options)
  const show = showSymbols(options)
  const found = whileTelling(symbols, options, () => lookUp(symbols, what))
  await present(
    {
      json: () => asJson(found, show),
      text: () => found.map((each) => asText(each, show)).join(''),
    },
    options,
  )
}

/** Says on standard error which symbols could not be read, also where nothing is found. */
function whileTelling<T>({ problems }: Symbols, options: GlobalOptions, look: () => T): T {
  try {
    return look()
  } finally {
    for (const { message } of problems) writeErr(`ksight: ${showMessage(message, options)}\n`)
  }
}

/** Of the same name there may be several, static ones of different files. */
function lookUp(symbols: Symbols, what: string): NearestSymbol[] {
  const address = parseAddress(what)
  if (address !== undefined) return [nearest(symbols, address)]
  const [, name = what, offset] = /^(.*)\+(0x[0-9a-f]+)(?:\/0x[0-9a-f]+)?$/i.exec(what) ?? []
  const { address: start } = symbols.get(name)
  if (offset !== undefined) return [nearest(symbols, start + BigInt(offset))]
  return [...symbols.findAll(name)].map((symbol) => ({ symbol, offset: 0 }))
}

/** With 0x, or without as /proc/kallsyms has them: 16 digits. */
function parseAddress(text: string): bigint | undefined {
  if (/^0x[0-9a-f]{1,16}$/i.test(text)) return BigInt(text)
  return /^[0-9a-f]{16}$/i.test(text) ? BigInt(`0x${text}`) : undefined
}

function nearest(symbols: Symbols, address: bigint): NearestSymbol {
  const found = symbols.nearest(address)
  if (found !== undefined) return found
  throw new NotFoundError(
    `no symbol at ${hex(address)}`,
    [],
    'it lies neither in the kernel image nor in a module',
  )
}

/** As in /proc/kallsyms, with the offset where it is not 0. */
function asText({ symbol, offset }: NearestSymbol, show: ShowPointer): string {
  const { name, address, type, module } = symbol
  const place = offset === 0 ? name : `${name}+${hex(offset)}`
  const suffix = module === undefined ? '' : ` [${module}]`
  return `${show(address + BigInt(offset))} ${type} ${place}${suffix}\n`
}

function asJson(found: readonly NearestSymbol[], show: ShowPointer) {
  const [first, ...others] = found.map(({ symbol, offset }) => {
    return { ...described(symbol, show), offset }
  })
  return others.length === 0 ? first : { ...first, others }
}

function described({ name, address, type, module }: KernelSymbol, show: ShowPointer) {
  return { name, address: show(address), type, module: module ?? null }
}
