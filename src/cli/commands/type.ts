import type { Btf } from '../../btf/btf.js'
import { describeType } from '../../btf/c/describe_type.js'
import { headerChunks } from '../../btf/c/header.js'
import { printType } from '../../btf/c/print_type.js'
import { printDts } from '../../btf/dts/print_dts.js'
import type { BtfKind, BtfType } from '../../btf/kinds.js'
import { UsageError } from '../../errors.js'
import { kernelRelease, openTypes } from '../open.js'
import type { GlobalOptions } from '../options.js'
import { present } from '../present.js'
import { writeOut } from '../stdio.js'

export interface TypeOptions extends GlobalOptions {
  readonly header?: true
  readonly dts?: true
}

/** One type, or all of them as a C header or as TypeScript declarations. */
export async function type(words: readonly string[], options: TypeOptions): Promise<void> {
  const { header, dts } = options
  checkUsage(words, options)
  const types = openTypes(options)
  if (header) for (const chunk of headerChunks(types)) writeOut(chunk)
  else if (dts) for (const text of printDts(types, kernelRelease(options))) writeOut(text)
  else await presentType(types, words, options)
}

function checkUsage(words: readonly string[], { header, dts, json }: TypeOptions): void {
  if (header && dts) throw new UsageError('--header and --dts', 'only one of them can be printed')
  if (!header && !dts) {
    if (words.length > 0) return
    throw new UsageError('no type is named', 'give its name, or --header or --dts for all types')
  }
  const option = header ? '--header' : '--dts'
  if (words.length > 0) throw new UsageError(`${option} with a name`, 'it prints all types')
  if (json) throw new UsageError(`${option} with --json`, 'it prints no JSON')
}

async function presentType(
  types: Btf,
  words: readonly string[],
  options: GlobalOptions,
): Promise<void> {
  const found = findType(types, words)
  await present(
    { json: () => describeType(types, found), text: () => printType(types, found) },
    options,
  )
}

/** The keywords that C, or BTF, puts before a name. */
const KEYWORDS = new Map<string, readonly BtfKind[]>([
  ['struct', ['struct', 'fwd']],
  ['union', ['union', 'fwd']],
  ['enum', ['enum', 'enum64']],
  ['typedef', ['typedef']],
  ['func', ['func']],
  ['var', ['var']],
  ['datasec', ['datasec']],
])

/** Where a name stands for several things, the first of these kinds is meant. */
const BY_RANK: readonly (readonly BtfKind[])[] = [
  ['struct', 'union'],
  ['enum', 'enum64', 'typedef', 'int', 'float'],
  ['func'],
  ['var', 'datasec'],
  ['fwd'],
  ['decl_tag', 'type_tag'],
]

/** `struct foo` is a struct; `foo` alone may be anything. */
function findType(types: Btf, words: readonly string[]): BtfType {
  const [first, ...rest] = words.join(' ').trim().split(/\s+/)
  const kinds = KEYWORDS.get(first!)
  if (kinds !== undefined && rest.length > 0) return types.get(rest.join(' '), ...kinds)
  const name = [first, ...rest].join(' ')
  for (const rank of BY_RANK) {
    const found = types.find(name, ...rank)
    if (found !== undefined) return found
  }
  return types.get(name)
}
