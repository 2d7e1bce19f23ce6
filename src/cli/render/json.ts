const LARGEST = BigInt(Number.MAX_SAFE_INTEGER)

/** What JSON leaves as it is, but a terminal may take for a command. */
const UNSAFE = /[\x7f-\x9f\u00ad\p{Cf}\p{Zl}\p{Zp}]/gu

/** One JSON value in one line; 64-bit numbers are strings where a double could not hold them. */
export function jsonLine(value: unknown): string {
  return escaped(stringify(value))
}

/** A JSON document for people too: indented, an array of objects with a line for each. */
export function jsonDocument(value: unknown): string {
  if (!Array.isArray(value)) return escaped(stringify(value, 2))
  const [first] = value
  if (first === undefined) return '[]'
  // Within a string the quotes before the key would be escaped, or end the string: no key follows.
  const seam = `},{${JSON.stringify(Object.keys(first)[0])}:`
  const lines = stringify(value).replaceAll(seam, seam.replace(',', ',\n'))
  return escaped(`[\n${lines.slice(1, -1)}\n]`)
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
  if (!/[^\n -~]/.test(json)) return json
  return json.replace(UNSAFE, (character) => {
    let escapes = ''
    for (let i = 0; i < character.length; i++) {
      escapes += `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`
    }
    return escapes
  })
}
