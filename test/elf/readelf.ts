import { execFileSync } from 'node:child_process'

/** What readelf of binutils says of a file. */
function readelf(option: string, path: string): string[] {
  const env = { ...process.env, LC_ALL: 'C' }
  const output = execFileSync('readelf', ['-W', option, path], {
    env,
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  return output.split('\n')
}

const big = (digits: string) => BigInt(`0x${digits}`)

/** `readelf --file-header` by the words before the colons. */
export function headerOf(path: string): Map<string, string> {
  const pairs = readelf('-h', path).map((line) => line.trim().split(/:\s+/, 2))
  return new Map(pairs.filter((pair): pair is [string, string] => pair.length === 2))
}

/** `readelf --sections`: index, name, address, offset, size, entry size, link, info, alignment. */
export function sectionsOf(path: string): string[] {
  const type = 'SYMTAB SECTION INDICES|[A-Z][A-Z_0-9]*|[0-9a-f]+: <unknown>'
  const row = new RegExp(
    String.raw`^ *\[ *(\d+)\] (.*?) +(?:${type}) +([0-9a-f]{8,16}) ([0-9a-f]{6,}) ` +
      String.raw`([0-9a-f]{6,}) ([0-9a-f]{2,}) +[A-Za-z]* +(\d+) +(\d+) +(\d+)$`,
  )
  return readelf('-S', path).flatMap((line) => {
    const match = row.exec(line)
    if (match === null) return []
    const [index, name, addr, offset, size, entsize, link, info, align] = match.slice(1)
    const numbers = [addr, offset, size, entsize].map((digits) => big(digits!))
    return [index, name!.trim(), ...numbers, link, info, align].join(' ')
  })
}

/** `readelf --segments`: type, offset, vaddr, paddr, filesz, memsz, flags, align. */
export function segmentsOf(path: string): [string, ...bigint[]][] {
  const row =
    /^ {2}(\S+) +0x(\S+) 0x(\S+) 0x(\S+) 0x(\S+) 0x(\S+) ([R ])([W ])([E ]) (0|0x[0-9a-f]+)$/
  return readelf('-l', path).flatMap((line): [string, ...bigint[]][] => {
    const match = row.exec(line)
    if (match === null) return []
    const numbers = match.slice(2, 7).map(big)
    const flags = (match[7] === 'R' ? 4n : 0n) + (match[8] === 'W' ? 2n : 0n)
    return [[match[1]!, ...numbers, flags + (match[9] === 'E' ? 1n : 0n), BigInt(match[10]!)]]
  })
}

/** `readelf --symbols` of one table: value, size, type, bind, visibility, index, name. */
export function symbolsOf(path: string, table: '.symtab' | '.dynsym'): string[] {
  const row =
    /^ *(\d+): ([0-9a-f]+) +(\d+|0x[0-9a-f]+) (\S+) +(\S+) +(\S+) +(?:\[.*\] +)?(\S+) ?(.*)$/
  const symbols: string[] = []
  let inTable = false
  for (const line of readelf('-s', path)) {
    const title = /^Symbol table '(.*)' contains/.exec(line)
    if (title !== null) inTable = title[1] === table
    const match = inTable ? row.exec(line) : null
    if (match === null || match[1] === '0') continue
    const [value, size, type, bind, visibility, index, name] = match.slice(2)
    symbols.push([big(value!), Number(size), type, bind, visibility, index, name].join(' '))
  }
  return symbols
}

/** `readelf --notes`: owner and size of each, and the build id. */
export function notesOf(path: string): { notes: string[]; buildId: string | undefined } {
  const lines = readelf('-n', path)
  const notes = lines.flatMap((line) => {
    const match = /^ {2}(\S.*?) +\t?0x([0-9a-f]{8})\t/.exec(line)
    return match === null ? [] : `${match[1]} ${Number.parseInt(match[2]!, 16)}`
  })
  const buildId = lines.map((line) => /Build ID: ([0-9a-f]+)/.exec(line)?.[1])
  return { notes, buildId: buildId.find((id) => id !== undefined) }
}
