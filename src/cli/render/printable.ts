/**
 * Control characters, those of other meaning than to be seen (such as U+202E, which turns the
 * direction of writing), and U+FFFD, which stands for bytes that are no UTF-8.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\ufffd]/gu

const PLAIN = /^[\x20-\x7e]*$/

/**
 * A name as it may be sent to a terminal: each character that does not print becomes `?`, as ps
 * shows it. Anybody may give his process a name that holds escape sequences.
 */
export function printable(text: string): string {
  return PLAIN.test(text) ? text : text.replace(UNPRINTABLE, '?')
}

const ZERO_WIDTH = /[\p{Mn}\p{Me}\u1160-\u11ff]/u
const WIDE =
  /[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Bopomofo}\p{Script=Yi}\p{Emoji_Presentation}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]/u
const HALFWIDTH = /[\uff61-\uffdc]/u

/** How many columns of a terminal a printable text takes. */
export function width(text: string): number {
  if (PLAIN.test(text)) return text.length
  let columns = 0
  for (const character of text) columns += characterWidth(character)
  return columns
}

function characterWidth(character: string): number {
  if (ZERO_WIDTH.test(character)) return 0
  return WIDE.test(character) && !HALFWIDTH.test(character) ? 2 : 1
}

const ELLIPSIS = '…'

/** The start of a text, or with `from: 'end'` its end, in at most so many columns. */
export function ellipsized(text: string, columns: number, from: 'start' | 'end' = 'start'): string {
  if (width(text) <= columns) return text
  if (columns <= 0) return ''
  const characters = [...text]
  if (from === 'end') characters.reverse()
  const kept: string[] = []
  let left = columns - 1
  for (const character of characters) {
    left -= characterWidth(character)
    if (left < 0) break
    kept.push(character)
  }
  return from === 'end' ? ELLIPSIS + kept.reverse().join('') : kept.join('') + ELLIPSIS
}
