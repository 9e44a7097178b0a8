FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json prisma.config.ts tsconfig.json ./
COPY prisma prisma
COPY scripts scripts
COPY src src
# `npm ci` also builds: it runs the `prepare` script.
RUN npm ci && npm prune --omit=dev --ignore-scripts

FROM node:24-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/prisma prisma
COPY --from=build /app/dist dist
COPY docs/verify-audit.mjs docs/
USER node
ENTRYPOINT ["node", "dist/main.js"]
CMD ["run"]
