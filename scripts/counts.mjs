// @ts-check

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */

/** @param {Counts[]} list @returns {Counts} */
export function sum(list) {
  const total = { passed: 0, failed: 0, skipped: 0 }
  for (const { passed, failed, skipped } of list) {
    total.passed += passed
    total.failed += failed
    total.skipped += skipped
  }
  return total
}

/** @param {Counts} counts */
export function countsAsText({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}
