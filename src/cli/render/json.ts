const LARGEST = BigInt(Number.MAX_SAFE_INTEGER)

/** What JSON leaves as it is, but a terminal may take for a command. */
const UNSAFE = /[\x7f-\x9f\u00ad\p{Cf}\p{Zl}\p{Zp}]/gu

/** So many rows are made and written at a time, so that the garbage of the others is gone by then. */
const CHUNK = 500

/** Rows of a long list, each made when it is written. */
export function* rows<T>(list: readonly T[], row: (element: T) => object): Generator<object> {
  for (const element of list) yield row(element)
}

/** One JSON value in one line; 64-bit numbers are strings where a double could not hold them. */
export function jsonLine(value: unknown): string {
  return escaped(
    isRows(value) ? `[${[...lines(value)].join(',\n').replaceAll('\n', '')}]` : stringify(value),
  )
}

/** A JSON document for people too: indented, a list with a line for each row. */
export function jsonDocument(value: unknown): string {
  if (!isRows(value)) return escaped(stringify(value, 2))
  const text = [...lines(value)].join(',\n')
  return text === '' ? '[]' : escaped(`[\n${text}\n]`)
}

function isRows(value: unknown): value is Iterable<object> {
  return typeof value === 'object' && value !== null && Symbol.iterator in value
}

/** The rows as JSON, with a comma and a new line between them. */
function* lines(rows: Iterable<object>): Generator<string> {
  let chunk: object[] = []
  for (const row of rows) {
    if (chunk.push(row) < CHUNK) continue
    yield linesOf(chunk)
    chunk = []
  }
  if (chunk.length > 0) yield linesOf(chunk)
}

function linesOf(chunk: readonly object[]): string {
  // Within a string the quotes before the key would be escaped, or end the string: no key follows.
  const seam = `},{${JSON.stringify(Object.keys(chunk[0]!)[0])}:`
  return stringify(chunk).slice(1, -1).replaceAll(seam, seam.replace(',', ',\n'))
}

/** Most values hold no bigint, and without a replacer JSON is several times as quick. */
function stringify(value: unknown, indent?: number): string {
  try {
    return JSON.stringify(value, undefined, indent)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    return JSON.stringify(value, replaceBigint, indent)
  }
}

function replaceBigint(_key: string, value: unknown): unknown {
  if (typeof value !== 'bigint') return value
  return value <= LARGEST && value >= -LARGEST ? Number(value) : String(value)
}

function escaped(json: string): string {
  // All of it is ASCII, as nearly always; searching for what is unsafe takes a hundred times as long.
  if (Buffer.byteLength(json) === json.length && !json.includes('\x7f')) return json
  return json.replace(UNSAFE, (character) => {
    let escapes = ''
    for (let i = 0; i < character.length; i++) {
      escapes += `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`
    }
    return escapes
  })
}
