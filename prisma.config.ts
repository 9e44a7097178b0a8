import { fileURLToPath } from 'node:url'
import { defineConfig } from 'prisma/config'

// `prisma generate` asks for a native schema engine that it then does not use. Any existing file
// stops it from trying to download one, so a closed network is no obstacle.
process.env['PRISMA_SCHEMA_ENGINE_BINARY'] ??= fileURLToPath(import.meta.url)

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  // Not prisma's `env()`: it throws where the variable is unset, and every command loads this file.
  datasource: { url: process.env['DATABASE_URL'] ?? '' },
})
