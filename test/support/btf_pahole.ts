/**
 * Structs and unions by name as pahole prints them, or as ksight does: of each the places of the
 * members in order, the holes between them, and the numbers of the summary, as one text. A name
 * may be that of several.
 */
export function parsePahole(text: string): Map<string, string[]> {
  const structs = new Map<string, string[]>()
  for (const block of text.split(/^}.*\n/m)) {
    const head = /^(?:struct|union) (\w+) \{\n/m.exec(block)
    if (head === null) continue
    const name = head[1]!
    const lines = withoutPointees(block.slice(head.index)).split('\n')
    const facts = lines.flatMap(factsOf)
    // pahole sums up structs only.
    const isUnion = head[0].startsWith('union')
    const text = facts.filter((fact) => !(isUnion && fact.includes(': '))).join('\n')
    structs.set(name, [...(structs.get(name) ?? []), text])
  }
  return structs
}

/** pahole shows what pointers to anonymous structs point to, with offsets of its own. */
function withoutPointees(block: string): string {
  return block.replace(/^(\t+)(?:struct|union) \{\n(?:\1\t.*\n|\n)*\1\} \*/gm, '$1void *')
}

function factsOf(line: string): string[] {
  const place = /^\t+(.*?)\s*\/\* +(\d+)(: *\d+)? +(\d+) \*\/$/.exec(line)
  if (place !== null) {
    const [, code = '', offset, bit, size] = place
    const bits = /:\s*(\d+);$/.exec(code)?.[1]
    return [`${nameOf(code)} ${offset} ${bit?.replace(' ', '') ?? ''} ${size} ${bits ?? ''}`]
  }
  const hole = /XXX (\d+ (?:bit|byte))s? hole/.exec(line)
  if (hole !== null) return [`hole ${hole[1]}`]
  // More tabs stand before the sums of a nested struct, which ksight leaves out.
  return line.startsWith('\t/* ') ? (line.match(SUMS) ?? []) : []
}

const SUMS =
  /(?<=[*,] )(size|cachelines|members|sum members|holes|sum holes|sum bitfield members|bit holes|sum bit holes|padding|bit_padding|last cacheline): \d+/g

/** The name that a declaration declares; empty for an anonymous struct or union. */
function nameOf(code: string): string {
  const plain = code.replace(/ __attribute__\(\(.*?\)\)+/, '').replace(/(:\s*\d+)?;$/, '')
  return (/\(\*+(?:const )?(\w+)/.exec(plain) ?? /(\w+)(?:\[\d*\])*$/.exec(plain))?.[1] ?? ''
}
