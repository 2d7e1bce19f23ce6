/** Names that differ in more places than this are not near, however long they are. */
const MOST_DIFFERENCES = 8

/** Up to `limit` of `names` that look most like `wanted`, the best first. */
export function nearestNames(wanted: string, names: Iterable<string>, limit = 3): string[] {
  const worst = Math.min(Math.max(2, Math.floor(wanted.length / 3)), MOST_DIFFERENCES)
  const scores = new Map<string, number>()
  for (const name of names) {
    const score = likeness(wanted, name, worst)
    if (score <= worst) scores.set(name, score)
  }
  return Array.from(scores)
    .sort(([a, scoreA], [b, scoreB]) => scoreA - scoreB || a.length - b.length)
    .slice(0, limit)
    .map(([name]) => name)
}

/** Edit distance, but a name that contains the other counts as near. */
function likeness(wanted: string, name: string, worst: number): number {
  if (Math.abs(wanted.length - name.length) > worst) {
    return wanted.length >= 4 && name.includes(wanted) ? worst : worst + 1
  }
  return editDistance(wanted, name, worst)
}

/** The last two rows of the table of distances between prefixes. */
let row = new Uint32Array(64)
let rowAbove = new Uint32Array(64)

/**
 * How many characters must be added, removed or replaced to make `b` of `a`; more than `worst` if it
 * is more. Only prefixes whose lengths differ by no more than that are compared.
 */
function editDistance(a: string, b: string, worst: number): number {
  const far = worst + 1
  if (row.length < b.length + 2) {
    row = new Uint32Array(2 * b.length + 2)
    rowAbove = new Uint32Array(row.length)
  }
  for (let j = 0; j <= b.length; j++) row[j] = j
  for (let i = 1; i <= a.length; i++) {
    const first = Math.max(1, i - worst)
    const last = Math.min(b.length, i + worst)
    ;[row, rowAbove] = [rowAbove, row]
    row[first - 1] = first === 1 ? i : far
    if (last === i + worst) rowAbove[last] = far
    let best = far
    for (let j = first; j <= last; j++) {
      const replaced = rowAbove[j - 1]! + (a.charCodeAt(i - 1) === b.charCodeAt(j - 1) ? 0 : 1)
      const distance = Math.min(replaced, row[j - 1]! + 1, rowAbove[j]! + 1)
      row[j] = distance
      if (distance < best) best = distance
    }
    if (best === far) return far
  }
  return row[b.length]!
}
