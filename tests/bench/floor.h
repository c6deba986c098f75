/* What no program that reads Initials can do without, called bare: the key schedule of RFC 9001 5.2 is 14
 * compressions of SHA-256, header protection (5.4) one block of AES-ECB, the payload (5.3) one AES-128-GCM.
 */
#ifndef BENCH_FLOOR_H
#define BENCH_FLOOR_H

/* Nanoseconds an Initial, over a set of the size of `struct initials`. */
double floor_round(void);

/* Seals that set. */
void floor_prepare(void);
void floor_free(void);

#endif
