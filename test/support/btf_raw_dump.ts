import type { BtfType } from '../../src/btf/kinds.js'

/** Structs and unions by id as `bpftool btf dump` prints them: name, size, and each member. */
export function parseRawDump(dump: string): Map<number, string[]> {
  const structs = new Map<number, string[]>()
  let current: string[] | undefined
  for (const line of dump.split('\n')) {
    const head = /^\[(\d+)\] (\w+) '(.*)'(?: size=(\d+))?/.exec(line)
    if (head !== null) {
      const [, id, kind = '', name, size] = head
      current = undefined
      if (kind !== 'STRUCT' && kind !== 'UNION') continue
      current = [`${kind.toLowerCase()} ${name} ${size}`]
      structs.set(Number(id), current)
    }
    const member = /^\t'(.*)' type_id=(\d+) bits_offset=(\d+)(?: bitfield_size=(\d+))?/.exec(line)
    if (member !== null) current?.push(`${member.slice(1, 4).join(' ')} ${member[4] ?? 0}`)
  }
  return structs
}

/** The same of a type that ksight decoded. */
export function rawDumpOf(type: BtfType): string[] {
  if (!('members' in type)) return []
  return [
    `${type.kind} ${type.name || '(anon)'} ${type.size}`,
    ...type.members.map(
      (member) => `${member.name || '(anon)'} ${member.type} ${member.bitOffset} ${member.bitSize}`,
    ),
  ]
}
