/**
 * Something long-lived. `start` resolves when it is ready; `stop` resolves when it has really stopped
 * and may be called twice. `app.ts` starts services in order and stops them in reverse.
 */
export interface Service {
  readonly name: string;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Several services as one: started in order, stopped in reverse. When one fails to start, those before it are stopped. */
export function startInOrder(services: readonly Service[]): Service {
  const running: Service[] = [];
  const stop = async () => {
    for (let service = running.pop(); service; service = running.pop()) await service.stop();
  };
  return {
    name: services.map(({ name }) => name).join(", "),
    async start() {
      for (const service of services) {
        try {
          await service.start();
          running.push(service);
        } catch (error) {
          await stop();
          throw error;
        }
      }
    },
    stop,
  };
}
