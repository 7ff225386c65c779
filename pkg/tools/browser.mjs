// Debian's Chromium, without a window.
import { chromium } from "playwright-core";

/** As root it has no sandbox of its own. */
export const launch = () =>
  chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: process.getuid?.() === 0 ? ["--no-sandbox"] : [],
  });
