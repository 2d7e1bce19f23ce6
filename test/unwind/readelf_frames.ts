import { spawnSync } from 'node:child_process'
import type { RegisterRule, Row } from '../../src/unwind/cfi/rules.js'

/** What `readelf --debug-dump=frames-interp` of binutils shows for one FDE. */
export interface OracleFde {
  readonly start: bigint
  readonly end: bigint
  /** Columns of the rows behind the CFA: names of registers, `ra` for the return address. */
  readonly columns: readonly string[]
  /** By location: the CFA and the columns. */
  readonly rows: ReadonlyMap<bigint, readonly string[]>
}

/** All FDEs of all sections, in their order. */
export function fdesOf(path: string): OracleFde[] {
  // Its exit code tells of links to files that are not there, too.
  const { stdout: text } = spawnSync(
    'readelf',
    ['-W', '--debug-dump=frames-interp,no-follow-links', path],
    {
      env: { ...process.env, LC_ALL: 'C' },
      encoding: 'utf8',
      maxBuffer: 2 ** 30,
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  )
  // Entries are separated by empty lines.
  return text.split('\n\n').flatMap((entry) => parseFde(entry.trim().split('\n')))
}

function parseFde([title, header, ...lines]: string[]): OracleFde[] {
  const match = /^[0-9a-f]+ [0-9a-f]+ [0-9a-f]+ FDE .*pc=([0-9a-f]+)\.\.([0-9a-f]+)$/.exec(
    title ?? '',
  )
  if (match === null) return []
  const [start, end] = [BigInt(`0x${match[1]}`), BigInt(`0x${match[2]}`)]
  const columns = header === undefined ? [] : header.trim().split(/\s+/).slice(2)
  const rows = new Map<bigint, readonly string[]>()
  for (const line of lines) {
    // A register in the place of another is shown with its number: `r2 (rcx)`.
    const [location, ...cells] = line
      .trim()
      .replace(/r\d+ \((\w+)\)/g, '$1')
      .split(/\s+/)
    const at = BigInt(`0x${location}`)
    // Of rows for one location the last holds; those at or behind the end, for nothing.
    if (at < end) rows.set(at, cells)
  }
  return [{ start, end, columns, rows }]
}

/** A row as readelf writes it; it shows the same for what is undefined and for what nothing is said of. */
export function cellsOf(row: Row, columns: readonly string[], names: readonly string[]): string[] {
  const rules = new Map(row.rules)
  const cells = columns.map((column) => {
    const register = column === 'ra' ? row.returnRegister : names.indexOf(column)
    const rule = rules.get(register)
    return rule === undefined ? 'u' : ruleCell(rule, names)
  })
  return [cfaCell(row, names), ...cells]
}

function cfaCell({ cfa }: Row, names: readonly string[]): string {
  if (cfa === undefined) return 'none'
  if (cfa.kind === 'expression') return 'exp'
  return `${names[cfa.register]}${signed(cfa.offset)}`
}

function ruleCell(rule: RegisterRule, names: readonly string[]): string {
  switch (rule.kind) {
    case 'undefined':
      return 'u'
    case 'same_value':
      return 's'
    case 'offset':
      return `c${signed(rule.offset)}`
    case 'val_offset':
      return `v${signed(rule.offset)}`
    case 'register':
      return names[rule.register]!
    case 'expression':
      return 'exp'
    case 'val_expression':
      return 'vexp'
  }
}

const signed = (value: number) => (value < 0 ? String(value) : `+${value}`)

/** Registers by DWARF number, by the names that readelf has for them. */
export const X86_64_NAMES = [
  ...['rax', 'rdx', 'rcx', 'rbx', 'rsi', 'rdi', 'rbp', 'rsp'],
  ...['r8', 'r9', 'r10', 'r11', 'r12', 'r13', 'r14', 'r15', 'rip'],
]
export const ARM64_NAMES = [...Array.from({ length: 31 }, (_, i) => `x${i}`), 'sp', 'pc']
