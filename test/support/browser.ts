import { chromium, type Browser } from "playwright-core";

/** Debian's; what it would ask the network for by itself is switched off. */
const OPTIONS = {
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
};

export function openBrowser(): Promise<Browser> {
  return chromium.launch(OPTIONS);
}
