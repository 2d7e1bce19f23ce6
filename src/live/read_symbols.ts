import { existsSync, readFileSync } from 'node:fs'
import { moduleAreas } from '../symbols/areas.js'
import { parseKallsyms } from '../symbols/kallsyms_text.js'
import { Symbols } from '../symbols/symbols.js'

/** Symbols of the kernel and its modules. Throws PermissionError where their addresses are hidden. */
export function readSymbols(): Symbols {
  const table = parseKallsyms(readFileSync('/proc/kallsyms'))
  return new Symbols(table, moduleAreas(readModules()))
}

/** A kernel without CONFIG_MODULES has no such file. */
function readModules(): string {
  return existsSync('/proc/modules') ? readFileSync('/proc/modules', 'utf8') : ''
}
