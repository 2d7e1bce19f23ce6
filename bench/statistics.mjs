// @ts-check

/** @typedef {{ median: number, min: number, max: number }} Summary */

/**
 * @param {readonly number[]} values at least one
 * @returns {Summary}
 */
export function summary(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (/** @type {number} */ index) => /** @type {number} */ (sorted[index])
  const middle = (sorted.length - 1) / 2
  return {
    median: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2,
    min: at(0),
    max: at(sorted.length - 1),
  }
}
