import { defineConfig } from 'vitest/config'

/** Tests that change the machine for everybody, or load it heavily, run after all others. */
const ALONE = 'test/**/*.alone.test.ts'

export default defineConfig({
  test: {
    globalSetup: 'test/support/build.ts',
    testTimeout: 60_000,
    hookTimeout: 600_000,
    pool: 'forks',
    projects: [
      {
        extends: true,
        test: { name: 'together', include: ['test/**/*.test.ts'], exclude: [ALONE] },
      },
      {
        extends: true,
        test: {
          name: 'alone',
          include: [ALONE],
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
