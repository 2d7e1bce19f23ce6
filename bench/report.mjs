// @ts-check

/** @typedef {import('./compare.mjs').Result} Result */

const HEADERS = ['', 'median ms', 'min–max ms', 'CPU ms', 'peak MB', 'ratio', 'wanted']

/**
 * The results of one case as a table; ratios are to the first.
 * @param {readonly Result[]} results
 */
export function asTable(results) {
  const [first] = results
  return align([HEADERS, ...results.map((result) => row(result, /** @type {Result} */ (first)))])
}

/** @param {Result} result @param {Result} first */
function row(result, first) {
  const { contender, wall, cpu, peak } = result
  return [
    contender.name,
    wall.median.toFixed(1),
    `${wall.min.toFixed(1)}–${wall.max.toFixed(1)}`,
    cpu.median.toFixed(1),
    peak.median.toFixed(1),
    ratio(result, first).toFixed(2),
    wanted(result, first).join(', '),
  ]
}

/** @param {Result} result @param {Result} first */
function ratio(result, first) {
  return result.wall.median / first.wall.median
}

/** What was hoped for, and whether it came true. @param {Result} result @param {Result} first */
function wanted(result, first) {
  const { wantedWall, wantedPeak, wantedRatio } = result.contender
  const list = []
  if (wantedWall !== undefined) {
    list.push(`≤ ${wantedWall} ms: ${yesOrNo(result.wall.median <= wantedWall)}`)
  }
  if (wantedPeak !== undefined) {
    list.push(`≤ ${wantedPeak} MB: ${yesOrNo(result.peak.max <= wantedPeak)}`)
  }
  if (wantedRatio !== undefined) {
    list.push(`ratio ≥ ${wantedRatio}: ${yesOrNo(ratio(result, first) >= wantedRatio)}`)
  }
  return list
}

/** @param {boolean} value */
function yesOrNo(value) {
  return value ? 'yes' : 'NO'
}

/** Pads the columns, the first and the last to the left. @param {readonly string[][]} rows */
function align(rows) {
  const widths = HEADERS.map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  )
  return rows
    .map((row) =>
      row
        .map((cell, column) => {
          const width = widths[column] ?? 0
          const left = column === 0 || column === row.length - 1
          return left ? cell.padEnd(width) : cell.padStart(width)
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
