FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json prisma.config.ts tsconfig.json ./
COPY prisma prisma
COPY scripts scripts
COPY src src
# `npm ci` also builds: it runs the `prepare` script. What only builds need goes, and with it the embedded PostgreSQL (an
# optional package: a container has one beside it) and what Prisma brings for other databases: 860 MB become 118.
RUN npm ci --no-audit --no-fund \
  && npm prune --omit=dev --omit=optional --omit=peer --ignore-scripts \
  && find node_modules/@prisma/client/runtime -name 'query_compiler*' ! -name '*_fast_bg.postgresql*' -delete

FROM node:24-bookworm-slim
# One arena of malloc's: each thread has its own otherwise, and keeps what large mails once took.
ENV NODE_ENV=production MAILCHUTE_DATA=/data HTTP_HOST=0.0.0.0 MALLOC_ARENA_MAX=1
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/prisma prisma
COPY --from=build /app/dist dist
COPY docs/verify-audit.mjs docs/
# All that is ever written: the root file system may be read-only.
RUN mkdir /data && chown node:node /data && chmod 700 /data
VOLUME /data
USER node
EXPOSE 8025
# Of a process without the role `serve` nobody can ask: leave that role in (`--only work,serve`), or switch this off.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s CMD ["node", "-e", \
  "fetch(`http://127.0.0.1:${process.env.HTTP_PORT ?? 8025}/readyz`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "dist/main.js"]
CMD ["run"]
