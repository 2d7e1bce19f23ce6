// @ts-check
import { translateCase } from '../translate_case.mjs'

export default await translateCase(2 ** 18, 1)
