// @ts-check

/**
 * What a promise gives, if it does in time.
 * @template T
 * @param {number} timeout milliseconds
 * @param {Promise<T>} promise
 * @param {() => Error} late called when it does not
 * @returns {Promise<T>}
 */
export async function within(timeout, promise, late) {
  /** @type {NodeJS.Timeout | undefined} */
  let timer
  const end = new Promise((_, reject) => {
    timer = setTimeout(() => reject(late()), timeout)
  })
  try {
    return await Promise.race([promise, /** @type {Promise<never>} */ (end)])
  } finally {
    clearTimeout(timer)
  }
}
