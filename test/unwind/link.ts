import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from '../support/compile.js'

/** Assembles and links without `.eh_frame_hdr`. */
export function link(source: string, as: string, ld: string, ...flags: string[]): string {
  const folder = temporaryFolder()
  const [input, object, path] = ['a.s', 'a.o', 'a'].map((name) => join(folder, name))
  writeFileSync(input!, source)
  execFileSync(as, [...flags, '-o', object!, input!])
  execFileSync(ld, ['-e', 'start', '--no-eh-frame-hdr', '-o', path!, object!])
  return path!
}
