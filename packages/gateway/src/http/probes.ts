/** What orchestrators ask, every few seconds and without credentials. */
export const probePaths: readonly string[] = ['/healthz', '/readyz'];
