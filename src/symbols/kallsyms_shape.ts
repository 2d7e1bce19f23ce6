import { type AddressesShape, findAddresses } from './shape/addresses.js'
import { findNames, type NamesShape } from './shape/names.js'
import { findTokens, type TokensShape } from './shape/tokens.js'

/** Where the tables are, from the start of the bytes that they were found in. */
export type KallsymsShape = TokensShape & NamesShape & AddressesShape

/**
 * Finds the tables of scripts/kallsyms.c by what they look like. `kallsyms_num_syms`,
 * `kallsyms_names`, `kallsyms_markers`, `kallsyms_token_table` and `kallsyms_token_index` are in this
 * order in every kernel so far.
 */
export function* findKallsymsShapes(
  bytes: Uint8Array,
  littleEndian: boolean,
): Generator<KallsymsShape> {
  for (const tokens of findTokens(bytes, littleEndian)) {
    const names = findNames(bytes, tokens.tokenTable, littleEndian)
    const addresses = names && findAddresses(bytes, tokens, names, littleEndian)
    if (addresses !== undefined) yield { ...tokens, ...names!, ...addresses }
  }
}
