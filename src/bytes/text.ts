/**
 * Bytes as text, one character for each byte, so that offsets stay what they are. Names are ASCII in
 * practice, and decoding that as UTF-8 takes a third of the time of a one-byte encoding.
 */
export function textOf(bytes: Uint8Array): string {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    if (text.length === bytes.length) return text
  } catch {
    // Not UTF-8.
  }
  // Not TextDecoder('latin1'), which means windows-1252 and has no character for some bytes.
  const chunks: string[] = []
  for (let at = 0; at < bytes.length; at += CHUNK) {
    chunks.push(String.fromCharCode(...bytes.subarray(at, at + CHUNK)))
  }
  return chunks.join('')
}

/** So many arguments a call can take. */
const CHUNK = 4096
