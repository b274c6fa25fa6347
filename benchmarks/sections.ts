/** The sections of the benchmark, in the order in which they run. */
import { growth } from './growth/section.ts';
import type { Section } from './harness/results.ts';
import { hop } from './hop/section.ts';
import { http } from './http/section.ts';

export const sections: readonly Section[] = [hop, http, growth];
