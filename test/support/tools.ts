import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/**
 * Whether all of these commands are installed. A test that lacks one is skipped; its title, or that
 * of its group, names them.
 */
export function hasTools(...commands: readonly string[]): boolean {
  const directories = (process.env.PATH ?? '').split(delimiter)
  return commands.every((command) =>
    directories.some((directory) => isExecutable(join(directory, command))),
  )
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Whether the test runs as root. */
export const isRoot = process.getuid?.() === 0
