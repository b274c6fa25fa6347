/** How figures of this section are written. */
import { digits } from '../harness/spread.ts';

/** `0.23 %` */
export function shareText(share: number): string {
  return `${digits(share * 100)} %`;
}

/** `61.3 MiB`, `140 KiB` */
export function memoryText(bytes: number): string {
  return bytes >= 2 ** 20 ? `${digits(bytes / 2 ** 20)} MiB` : `${digits(bytes / 2 ** 10)} KiB`;
}

/** `10,000` */
export function countText(count: number): string {
  return count.toLocaleString('en-US');
}
