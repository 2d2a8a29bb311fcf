/** What was sent, and what was answered: kept outside the process that is killed. */
export interface Ledger {
  readonly clicks: { readonly sent: Set<string>; readonly acknowledged: Set<string> };
  readonly links: { readonly sent: Set<string>; readonly acknowledged: Set<string> };
  next: number;
}

export const openLedger = (): Ledger => ({
  clicks: { sent: new Set(), acknowledged: new Set() },
  links: { sent: new Set(), acknowledged: new Set() },
  next: 0,
});

const BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0";
const VISITORS = 8;
const WRITERS = 2;

export interface Load {
  readonly url: string;
  readonly key: string;
  readonly links: number;
  readonly ledger: Ledger;
}

/** Visits and writes as fast as they are answered, until the server is gone. Resolves when nobody waits any more. */
export function driveLoad({ url, key, links, ledger }: Load): () => Promise<void> {
  let going = true;

  async function create(slug: string): Promise<number | null> {
    ledger.links.sent.add(slug);
    const status = await answered(`${url}/api/v1/links`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify({ destinationUrl: "https://example.com/", slug }),
    });
    // Taken means that it was stored by a life that died before it could say so.
    if (status === 201 || status === 409) ledger.links.acknowledged.add(slug);
    return status;
  }

  async function visit(link: number): Promise<number | null> {
    const id = `c${ledger.next++}`;
    ledger.clicks.sent.add(id);
    const status = await answered(`${url}/k-${link}?utm_content=${id}`, {
      redirect: "manual",
      headers: { "user-agent": BROWSER, "x-forwarded-for": `198.51.100.${ledger.next % 250}` },
    });
    if (status === 302) ledger.clicks.acknowledged.add(id);
    return status;
  }

  async function worker(step: () => Promise<number | null>): Promise<void> {
    while (going) if ((await step()) === null) return;
  }

  const working = (async () => {
    for (let link = 0; link < links; link++) {
      const slug = `k-${link}`;
      if (!ledger.links.acknowledged.has(slug) && (await create(slug)) === null) return;
    }
    await Promise.all([
      ...Array.from({ length: VISITORS }, (_, i) => worker(() => visit((ledger.next + i) % links))),
      ...Array.from({ length: WRITERS }, () => worker(() => create(`k-new-${ledger.next++}`))),
    ]);
  })();

  return async () => {
    going = false;
    await working;
  };
}

/** The status of a whole answer; null when the server went away before it had given one. */
async function answered(url: string, init: RequestInit): Promise<number | null> {
  try {
    const response = await fetch(url, init);
    await response.arrayBuffer();
    return response.status;
  } catch {
    return null;
  }
}
