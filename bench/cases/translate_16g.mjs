// @ts-check
import { translateCase } from '../translate_case.mjs'

/** The same memory many times over, so that machines with little memory have as many pages. */
export default await translateCase(2 ** 18, 16)
