// @ts-check
import { fileURLToPath } from 'node:url'

/** The command as a user starts it. */
export const KSIGHT = fileURLToPath(new URL('../bin/ksight', import.meta.url))
