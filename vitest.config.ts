import { defineConfig } from 'vitest/config'

const SECOND = 1000

const project = (name: string, testTimeout: number) => ({
  extends: true as const,
  test: { name, include: [`test/${name}/**/*.test.ts`], testTimeout, hookTimeout: Math.max(testTimeout, 30 * SECOND) },
})

export default defineConfig({
  test: {
    globalSetup: 'test/support/global-setup.ts',
    // Files with servers of their own: more at once than this only makes each slower.
    maxWorkers: 2,
    reporters: ['default'],
    // Against what never ends, not a measure of anything: a busy machine takes many times what a quiet one does.
    projects: [
      project('unit', 60 * SECOND),
      project('conformance', 120 * SECOND),
      project('integration', 240 * SECOND),
      project('browser', 240 * SECOND),
      project('fault', 480 * SECOND),
    ],
  },
})
