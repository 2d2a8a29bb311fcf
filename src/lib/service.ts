/**
 * Something long-lived. `start` resolves when it is ready; `stop` resolves when it has really stopped
 * and may be called twice. `app.ts` starts services in order and stops them in reverse.
 */
export interface Service {
  readonly name: string;
  start(): Promise<void>;
  stop(): Promise<void>;
}
