import { ensureBuilt } from '../../scripts/build.mjs'

/** Tests run the command, and import the package, as users do: from dist/. */
export async function setup(): Promise<void> {
  await ensureBuilt()
}
