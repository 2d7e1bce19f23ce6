/** Up to `limit` of `names` that look most like `wanted`, the best first. */
export function nearestNames(wanted: string, names: Iterable<string>, limit = 3): string[] {
  const worst = Math.max(2, Math.floor(wanted.length / 3))
  const scored: { name: string; score: number }[] = []
  for (const name of new Set(names)) {
    const score = likeness(wanted, name, worst)
    if (score <= worst) scored.push({ name, score })
  }
  scored.sort((a, b) => a.score - b.score || a.name.length - b.name.length)
  return scored.slice(0, limit).map(({ name }) => name)
}

/** Edit distance, but a name that contains the other counts as near. */
function likeness(wanted: string, name: string, worst: number): number {
  if (Math.abs(wanted.length - name.length) > worst) {
    return wanted.length >= 4 && name.includes(wanted) ? worst : worst + 1
  }
  return editDistance(wanted, name)
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const substitution = previous[column - 1]! + (a[row - 1] === b[column - 1] ? 0 : 1)
      current.push(Math.min(substitution, previous[column]! + 1, current[column - 1]! + 1))
    }
    previous = current
  }
  return previous[b.length]!
}
