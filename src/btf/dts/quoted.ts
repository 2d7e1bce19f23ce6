/** A name as a string literal of printable ASCII, whatever is in it. */
export function quoted(name: string): string {
  return JSON.stringify(name).replace(/[^ -~]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}
