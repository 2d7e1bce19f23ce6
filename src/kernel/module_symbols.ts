import { InconsistentError } from '../errors.js'
import { type Memory, readBytes } from '../memory/memory.js'
import { readAvailable } from '../memory/read_available.js'
import { cString, readCStrings } from '../object/c_string.js'
import type { Struct } from '../object/kernel_types.js'
import { offsetOf } from '../object/path.js'
import type { KernelSymbol } from '../symbols/symbols.js'

/** `Elf64_Sym` */
const SYMBOL_SIZE = 24
const VALUE_AT = 8

/** KSYM_NAME_LEN; before Linux 6.1 it was 128. */
const NAME_LIMIT = 512

/** More than any module has. */
const MAX_SYMBOLS = 1 << 19
const MAX_STRINGS = 1 << 25

/**
 * The symbols of a module as /proc/kallsyms lists them: what is left of its ELF symbols in
 * `struct mod_kallsyms`. The letter of the type is upper case for those that are exported to
 * modules of any licence. Mirrors `module_get_kallsym()`.
 */
export function moduleSymbols(module: Struct<'module'>): KernelSymbol[] {
  const { symtab, strtab, typetab, num_symtab: count } = module.kallsyms ?? {}
  if (!symtab || !strtab || !typetab || count > MAX_SYMBOLS) {
    throw new InconsistentError(
      `cannot read the symbols of module ${module.name}`,
      symtab && strtab && typetab ? `it claims to have ${count}` : 'it points to none',
    )
  }
  const { memory } = module.$space
  const bytes = readBytes(memory, symtab.$address, count * SYMBOL_SIZE)
  const types = readBytes(memory, typetab.$address, count)
  const entries = new DataView(bytes.buffer)
  const { littleEndian } = module.$space.btf
  const starts = Array.from({ length: count }, (_, i) =>
    entries.getUint32(i * SYMBOL_SIZE, littleEndian),
  )
  const strings = readStrings(memory, strtab.$address, starts)
  const exported = exportedSymbols(module)
  return starts.flatMap((start, i) => {
    const name = cString(strings.subarray(start, start + NAME_LIMIT))
    // The kernel passes over them too.
    if (name === '') return []
    const address = entries.getBigUint64(i * SYMBOL_SIZE + VALUE_AT, littleEndian)
    const letter = String.fromCharCode(types[i]!).toLowerCase()
    const type = exported.get(name) === address ? letter.toUpperCase() : letter
    return [{ name, address, type, module: module.name as string }]
  })
}

/** The string table as far as it is used; nothing tells its size. */
function readStrings(memory: Memory, address: bigint, starts: readonly number[]): Uint8Array {
  const last = starts.reduce((a, b) => Math.max(a, b), 0)
  if (last > MAX_STRINGS) {
    throw new InconsistentError(
      `the names of a module's symbols at 0x${address.toString(16)} are damaged`,
      `one of them is to be ${last} bytes behind`,
    )
  }
  const strings = new Uint8Array(last + NAME_LIMIT)
  memory.read(address, strings.subarray(0, last + 1))
  // What follows the last name may be the end of what is mapped.
  readAvailable(memory, address + BigInt(last), strings.subarray(last))
  return strings
}

/** `mod->syms`: what EXPORT_SYMBOL() names, by name. Mirrors `is_exported()`. */
function exportedSymbols(module: Struct<'module'>): Map<string, bigint> {
  const count: number = module.num_syms
  if (count === 0 || module.syms === null) return new Map()
  if (count > MAX_SYMBOLS) {
    throw new InconsistentError(
      `cannot read what module ${module.name} exports`,
      `it claims to export ${count} symbols`,
    )
  }
  const { memory, btf } = module.$space
  const type = module.$space.struct('kernel_symbol').type
  const { $address: start } = module.syms
  const bytes = readBytes(memory, start, count * type.size)
  const entries = new DataView(bytes.buffer)
  // CONFIG_HAVE_ARCH_PREL32_RELOCATIONS: each is the distance from its own place.
  const relative = module.$space.has('kernel_symbol', 'value_offset')
  const offset = (name: string) => offsetOf(btf, type, relative ? `${name}_offset` : name)
  const offsets = { name: offset('name'), value: offset('value') }
  const field = (index: number, name: 'name' | 'value'): bigint => {
    const at = index * type.size + offsets[name]
    if (!relative) return entries.getBigUint64(at, btf.littleEndian)
    const distance = entries.getInt32(at, btf.littleEndian)
    return BigInt.asUintN(64, start + BigInt(at + distance))
  }
  const indexes = Array.from({ length: count }, (_, i) => i)
  const names = readCStrings(
    memory,
    indexes.map((i) => field(i, 'name')),
    NAME_LIMIT,
  )
  return new Map(indexes.map((i) => [names[i] ?? '', field(i, 'value')]))
}
