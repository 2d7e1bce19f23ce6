// @ts-check
import { KSIGHT } from '../ksight.mjs'

/** @type {import('../compare.mjs').Case} */
export default {
  title: 'Starting, which no command can undercut',
  contenders: [
    {
      name: 'ksight --version',
      command: [KSIGHT, '--version'],
      check: (output) => /^\d+\.\d+\.\d+\n$/.test(output),
    },
    {
      name: 'node -e 0',
      command: [process.execPath, '-e', '0'],
      check: (output) => output === '',
    },
  ],
}
