/* The protocol of aeromq for Spin: what may be told about a request, whatever dies, waits, is lost,
 * comes twice or comes late. docs/model.md maps each part to the code and says what is left out.
 *
 * One step of an actor is one transition, as in actors/step.h; whatever can die between two effects
 * is two transitions. A pause (SIGSTOP) is a process that the scheduler leaves alone: the broker
 * may give up on anybody at any time, and whoever was given up may go on at any time.
 * A message is a slot that says it is on its way: it may stay there for ever (loss, delay),
 * overtake and be overtaken (reorder), and be delivered without leaving the slot (copy). */

/* ---- sizes: the runner sets them ---- */
#ifndef PLANES
#define PLANES 1   /* control planes, each with a broker, keeper, writer and dispatcher number */
#endif
#ifndef REQUESTS
#define REQUESTS 2 /* request r belongs to plane r % PLANES */
#endif
#ifndef EPOCHS
#define EPOCHS 2   /* dispatcher runs of each plane: the older ones may live on beside the newest */
#endif
#ifndef ASKINGS
#define ASKINGS 2  /* confirmations that are ever asked; an asking names its request and facts */
#endif
#ifndef FAULTS
#define FAULTS 1   /* broker restarts, kernel deaths, power cuts, fences, disk errors: in all */
#endif
#ifndef COPIES
#define COPIES 1   /* messages that come twice */
#endif
#ifndef LOSSES
#define LOSSES 1   /* messages that never come (beside those of the dead) */
#endif
#ifndef REPEATS
#define REPEATS 1  /* ids or yeses that somebody sends again, from any connection to any plane */
#endif
#ifndef MOVES
#define MOVES 1    /* changes of the facts from elsewhere */
#endif

/* ---- what must hold, by the checker's names; `judged` chooses among them ---- */
#define I_ONCE      1
#define I_ATOMIC    2
#define I_CONFIRM   4
#define I_TOKEN     8
#define I_AUDIT    16
#define I_RETRY    32
#define I_DECIDED  64
#define I_MONO    128
#define I_LOOK    256
#define L_DONE    512
#define must(predicate, condition) assert(!(judged & predicate) || (condition))

/* ---- mutants: `mutant` breaks one rule, and the predicate must tell ----
 *      name                no    hole predicate sizes  what the broken rule does */
#define EPOCH_UNBOUND          1 /* 1  I_DECIDED one       an id outlives its dispatcher */
#define ASKERS_EPOCH           2 /* 2  I_DECIDED planes    the asker's own epoch makes it final */
#define FACTS_IGNORED          3 /* 3  I_CONFIRM one:m1    the fencing epoch is not compared */
#define FACTS_BACK_AND_FORTH   4 /* 3  I_CONFIRM one:m2    the holder is compared, not the epoch */
#define RISKS_IGNORED          5 /* 3  I_CONFIRM one:m1    overrides are not compared */
#define EPOCH_BEFORE_LEDGER    6 /* 4  I_DECIDED one:c1    a copy is refused, not found */
#define REPEAT_TOLD_NO         7 /* 4  I_DECIDED one:r1    a repeated id is told "not executed" */
#define SECOND_YES_TOLD_NO     8 /* 4  I_DECIDED one:r1    a repeated yes is told "not executed" */
#define BROKEN_CALL_ASKED      9 /* 5  I_DECIDED one       no row after a broken call is a no */
#define TOLD_BEFORE_CLOSED    10 /* 6  I_DECIDED one       a loss is told, the request stays open */
#define DISPATCH_ANY_STAGE    11 /* 6  I_DECIDED one       a late licence is forwarded */
#define UNKNOWN_SESSION       12 /* 7  I_DECIDED one:f1r1  a new broker takes ids of the old one */
#define REJECTION_FORGOTTEN   13 /* 8  I_DECIDED one:m2c1  a rejection is no ledger row */
#define PLANE_UNBOUND         14 /* 9  I_DECIDED planes:r1 another plane takes the id */
#define STRANGERS_YES         15 /* 10 I_TOKEN   one:r1    a session is found by an id */
#define HISTORY_IGNORED       16 /* 12 I_DECIDED one:f2    a restored ledger answers for its past */
#define LEASE_AT_DISPATCHER   17 /* 13 I_DECIDED one       the lease is checked before the kernel */
#define ASKERS_CLOCK          18 /* 13 I_DECIDED one       the asker's clock ends the lease */
#define SYNC_ERROR_IGNORED    19 /* 14 I_AUDIT   one:f1    the writer goes on after a disk error */
#define TOMBSTONE             20 /* 17 I_LOOK    one       a question writes a row */
#define LOST_IS_NO            21 /* 18 I_DECIDED one       a lost dispatch is told "not executed" */
#define LEDGER_PRUNED         22 /* 19 I_MONO    one       a row goes */
#define EPOCH_VOLATILE        23 /*    I_MONO    one:f1    a kernel restart forgets the epochs */
#define NO_FENCE              24 /*    I_DECIDED one       an older epoch may still commit */
#define QUESTION_BESIDE       25 /*    I_DECIDED one       a question is answered beside an act */
#define AUDIT_NOT_SYNCED      26 /*    I_AUDIT   one       the licence leaves before the sync */
#define SYNC_AFTER_ANSWER     27 /*    I_AUDIT   one       one sync, after the kernel's answer */
#define DISPATCH_BEFORE_RECORD 28 /*    I_AUDIT   one       the licence leaves before the record */
#define TOKEN_TWICE           29 /*    I_TOKEN   one:c1    a spent token stays pending */
#define TOKEN_UNBOUND         30 /*    I_CONFIRM race:r1   any token confirms any request */
#define TOKENS_RELOADED       31 /*    I_TOKEN   one:f1    tokens outlive the keeper's run */
#define TIME_CONFIRMS         32 /*    I_CONFIRM one       a token that runs out counts as a yes */
#define RETRY_AFTER_SILENCE   33 /*    I_RETRY   one       the dispatcher calls again */
#define RETRY_AFTER_RESTART   34 /*    I_RETRY   one       the next dispatcher gets the request */
#define CLIENT_GUESSES        35 /*    I_DECIDED one       silence after the yes is told as no */
#define LATE_EXPIRY           36 /*    I_MONO    one       the lease end overwrites a row */
#define TWO_STEPS             37 /*    I_ATOMIC  one:f1    effect and row in two transactions */
#define UNDELIVERED_GUESSED   38 /*    I_DECIDED one       a dispatch that left is told as unsent */
#define TOLD_BEFORE_RECORDED  39 /*    I_AUDIT   one       the outcome is told, then recorded */
#define DEAD_FILE_UNSYNCED    40 /*    I_DECIDED one:f2    a dead kernel's row is told from cache */
#define LEASE_WITHOUT_END     41 /*    L_DONE    one       nothing but an epoch ends a request */
#define NO_STAGE_TIMER        42 /*    L_DONE    one:l1    the broker waits for a silent stage */
#define NO_LEDGER             43 /*    I_MONO    one:c1    no look for the row */
#define BLIND_KERNEL          45 /*    I_ONCE    one:c1    neither for the row nor for the facts */
#define UNRECORDED_IS_NO      44 /* 14 I_DECIDED one:f1c1  full disk: a refused copy reads as no */
/*      Rules that are guarded twice: broken alone they are not missed. */
#define EPOCH_SPARE           46 /* 1  HOLDS     one:f1c1  the kernel ignores the id's epoch */
#define PRINCIPAL_SPARE       47 /* 10 HOLDS     one:f1r1  the keeper does not compare principals */
#define SESSION_SPARE         48 /* 10 HOLDS     one:f1r1  the broker finds a session by the id */
#define STAGE_SPARE           49 /* 6  HOLDS     one:f1    a licence is forwarded in any stage */
#define MEMORY_SPARE          50 /*    HOLDS     one:f1    a keeper's successor has its tokens */
#define BROKEN(rule) (mutant == rule)

/* ---- words ---- */
#define NONE     0 /* ledger row; kernel's answer */
#define EXECUTED 1
#define REJECTED 2
#define REFUSED  3 /* history, dispatcher, epoch or lease: no row */
#define REPEATED 4 /* the ledger has it, or the dispatcher has seen it: nothing is claimed */
#define LOST     5 /* the kernel's connection ended under the call */

/* broker/road.h: one request's stage, by who holds it */
#define NEW       0
#define SURVEYING 1  /* dispatcher: survey */
#define EXPLAINED 2  /* keeper: explained */
#define ASKED     3  /* writer: asked */
#define PENDING   4  /* client: confirmation_asked */
#define CONFIRM   5  /* gate, then keeper: confirm, authorised_confirm */
#define ABANDON   6  /* keeper: abandon, void_confirmation */
#define CONFIRMED 7  /* writer: confirmed */
#define WAITING   8  /* recorded; the dispatcher's one credit is taken */
#define DISPATCH  9  /* dispatcher: it may have executed */
#define ACTED    10  /* writer: acted */
#define CLOSED   11

/* client/open_request.h: progress; what the person has been told is in the ghosts */
#define IDLE      0
#define SUBMITTED 1
#define READING   2
#define SAID_YES  3
#define SAID_NO   4
#define TOLD      5
#define GONE      6  /* gave up: sends nothing more */

#define HOME(r) ((r) % PLANES)
#define LINK(plane, epoch) ((plane) * EPOCHS + (epoch) - 1)
#define LINKS (PLANES * EPOCHS)

typedef Request {
  unsigned epoch     : 2; /* named by the id; 0 = no id yet. Plane and lease come with it */
  unsigned old       : 1; /* the id names a history that was replaced by a restored one */
  unsigned late      : 1; /* the kernel's clock has passed the lease end */
  unsigned row       : 2; /* the ledger's */
  unsigned progress  : 3;
  unsigned token     : 3; /* that the person was shown */
  unsigned known     : 1; /* the living broker gave the session to this connection */
  unsigned stage     : 4;
  unsigned pending   : 3; /* keeper's memory */
  unsigned recorded  : 1; /* the outcome is durable in the audit log */
  /* messages on their way */
  unsigned explained : 4; /* to the keeper: facts + 1 */
  unsigned asked     : 3; /* keeper to broker, then writer */
  unsigned yes       : 3; /* gate to keeper: the token that was presented */
  unsigned no        : 1; /* to the keeper: abandon, void_confirmation */
  unsigned ended     : 2; /* keeper to broker: 1 refused, 2 refused without a claim, 3 ended */
  unsigned confirmed : 3; /* keeper to broker */
  unsigned to_record : 3; /* confirmed, broker to writer */
  unsigned licence   : 3; /* dispatch, writer to broker */
  unsigned acted     : 3; /* dispatcher to broker, then writer */
  /* ghosts */
  unsigned effects   : 2;
  unsigned calls     : 2;
  unsigned told_yes  : 1;
  unsigned told_no   : 1;
  unsigned told_rej  : 1;
  unsigned stood     : 2 /* the row as it was when it was synced */
}
typedef Asking {          /* one confirmation that was asked, and its token */
  unsigned request   : 2;
  unsigned facts     : 3; /* explained: fencing epoch * 2 + a check that fails and was shown */
  unsigned record    : 2; /* confirmed + dispatched: 1 written, 2 durable */
  unsigned said      : 1; /* ghost: a person said yes to exactly this */
  unsigned spent     : 2; /* ghost */
  unsigned over      : 1  /* ghost: the keeper's run that issued it is over */
}
typedef Link {            /* one dispatcher process = one kernel connection = one epoch */
  unsigned broken    : 1; /* the kernel ended it */
  unsigned inbox     : 3; /* a dispatch from the broker */
  unsigned seen      : 3; /* request ids dispatched, as bits */
  unsigned act       : 3; /* the one act under way */
  unsigned call      : 3; /* in the kernel's socket: outlives the caller */
  unsigned answer    : 3; /* back from the kernel */
  unsigned about     : 3  /* the asking that the answer is about */
}
Request req[REQUESTS];
Asking ask[ASKINGS + 1];  /* 0 = none */
Link link[LINKS];
byte last_asking;

/* each plane's broker */
byte open_epoch[PLANES];  /* registry.kernel: the open dispatcher's; 0 = none lives */
bit credit[PLANES];       /* one dispatch is with the dispatcher */

/* the kernel */
bit kernel_up = 1;
byte epoch[PLANES];       /* durable; of dispatcher number = plane */
bit opened[PLANES];       /* that epoch was opened by a connection of this run */
byte fencing;             /* fencing epoch: grows with every transfer of authority */
bit failing;              /* a check fails now that an override may acknowledge */
byte busy;                /* link + 1 whose act the one thread is at */
byte verdict;
byte soft;                /* request + 1 whose row is written and not yet synced */

byte faults = FAULTS, copies = COPIES, losses = LOSSES, repeats = REPEATS, moves = MOVES;
byte highest[PLANES];     /* ghost: the highest epoch ever given */
#ifdef PROGRESS
bit paused;
#else
#define paused 0
#endif
hidden byte i, j, was;
#ifndef MUTANT
#define MUTANT 0
#endif
#ifndef WITNESS
#define WITNESS 0
#endif
#ifndef JUDGED
#define JUDGED 1023
#endif
hidden byte mutant = MUTANT, witness = WITNESS;
hidden short judged = JUDGED;
/* One binary per size: the search is told what to break by its environment, a replay by -D. Both
 * take one step for it, so that a replay can follow the trail of a search. */
#ifdef SEARCH
inline choose() {
  c_code {
    mutant = atoi(getenv("MUTANT")); witness = atoi(getenv("WITNESS"));
    judged = atoi(getenv("JUDGED"));
    now.faults = atoi(getenv("FAULTS")); now.copies = atoi(getenv("COPIES"));
    now.losses = atoi(getenv("LOSSES")); now.repeats = atoi(getenv("REPEATS"));
    now.moves = atoi(getenv("MOVES"));
  }
}
#else
inline choose() { was = 0 }
#endif

#define FACTS (fencing * 2 + failing)
#define fits(x) (((x) / 2 == fencing || BROKEN(FACTS_IGNORED) || BROKEN(BLIND_KERNEL) || \
                  (BROKEN(FACTS_BACK_AND_FORTH) && ((x) / 2) % 2 == fencing % 2)) && \
                 (!failing || (x) % 2 || BROKEN(RISKS_IGNORED)))
/* delivered: the slot is free again, unless this was a copy */
#define take(slot, empty) if :: slot = empty :: copies > 0 -> copies-- fi

/* ---- what a person or a record is told ---- */
inline tell_executed(r) {
  must(I_DECIDED, req[r].row == EXECUTED && req[r].effects == 1 && !req[r].told_no);
  req[r].told_yes = 1
}
inline tell_rejected(r) {
  must(I_DECIDED, req[r].row == REJECTED && req[r].effects == 0 && !req[r].told_no);
  req[r].told_rej = 1
}
inline tell_not_executed(r) {
  must(I_DECIDED, req[r].row == NONE && req[r].effects == 0 && !req[r].told_yes &&
                  !req[r].told_rej);
  req[r].told_no = 1
}

/* ---- broker ---- */
/* broker.cc close(): the road is over, and whoever waits is told, or the record is */
inline close(r) {
  req[r].stage = CLOSED;
  if :: req[r].progress == GONE -> skip :: else -> req[r].progress = TOLD fi
}
/* road.cc loss_error() + losses.cc close_lost(): the keeper is told to forget it */
inline close_lost(r) {
  if
  :: req[r].stage == DISPATCH || req[r].stage == ACTED ->
     if
     :: req[r].stage == DISPATCH && BROKEN(LOST_IS_NO) -> tell_not_executed(r)
     :: else
     fi
  :: else -> tell_not_executed(r)
  fi;
  if
  :: BROKEN(TOLD_BEFORE_CLOSED) && req[r].stage != DISPATCH && req[r].stage != ACTED
  :: else ->
     if :: req[r].pending -> req[r].no = 1 :: else fi;
     close(r)
  fi
}
/* road.cc ends_with() */
#define NEEDS_DISPATCHER(s) ((s >= SURVEYING && s <= CONFIRM) || (s >= CONFIRMED && s <= DISPATCH))
#define NEEDS_KEEPER(s) (s >= EXPLAINED && s <= ABANDON)
#define NEEDS_WRITER(s) ((s >= ASKED && s <= CONFIRM) || s == CONFIRMED || s == ACTED)

/* losses.cc lose_actor(dispatcher) */
inline lose_dispatcher(p) {
  open_epoch[p] = 0;
  credit[p] = 0;
  for (i : 0 .. REQUESTS - 1) {
    if
    :: HOME(i) != p || !NEEDS_DISPATCHER(req[i].stage)
    :: else ->
       if
       :: (BROKEN(RETRY_AFTER_RESTART) && req[i].stage == DISPATCH) -> req[i].stage = WAITING
       :: (BROKEN(EPOCH_UNBOUND))
       :: else -> close_lost(i)
       fi
    fi
  }
}
/* losses.cc lose_actor(keeper): its memory is gone, whatever it still sends is dropped */
inline lose_keeper(p, roads_too) {
  for (i : 0 .. REQUESTS - 1) {
    if
    :: HOME(i) == p ->
       if
       :: req[i].pending -> ask[req[i].pending].over = 1
       :: else
       fi;
       if
       :: BROKEN(TOKENS_RELOADED)
       :: else ->
          if :: roads_too && NEEDS_KEEPER(req[i].stage) -> close_lost(i) :: else fi;
          if :: BROKEN(MEMORY_SPARE) :: else -> req[i].pending = 0 fi;
          req[i].explained = 0; req[i].yes = 0; req[i].no = 0;
          if
          :: BROKEN(TOLD_BEFORE_CLOSED)
          :: else -> req[i].ended = 0; req[i].confirmed = 0; req[i].asked = 0
          fi
       fi
    :: else
    fi
  }
}
/* losses.cc lose_actor(writer): what it was given may or may not be durable */
inline lose_writer(p) {
  for (i : 0 .. REQUESTS - 1) {
    if
    :: HOME(i) == p ->
       if :: NEEDS_WRITER(req[i].stage) -> close_lost(i) :: else fi;
       if
       :: BROKEN(TOLD_BEFORE_CLOSED) || BROKEN(DISPATCH_ANY_STAGE)
       :: else -> req[i].to_record = 0; req[i].licence = 0
       fi
    :: else
    fi
  }
}
/* A new broker knows nothing, and every actor leaves with its connection; a dispatcher that is
 * paused leaves later, so its inbox and its call stay. */
inline restart_broker(p) {
  lose_keeper(p, false);
  open_epoch[p] = 0;
  credit[p] = 0;
  for (i : 0 .. REQUESTS - 1) {
    if
    :: HOME(i) == p ->
       req[i].known = 0; req[i].stage = NEW; req[i].explained = 0; req[i].asked = 0;
       req[i].yes = 0; req[i].no = 0; req[i].ended = 0; req[i].confirmed = 0;
       req[i].to_record = 0; req[i].licence = 0; req[i].acted = 0
    :: else
    fi
  }
}
/* broker.cc open_request() + sessions.cc admit(); p: whose broker, same: over the connection that
 * was given the session. A repeat claims nothing about the first. */
inline submit(r, p, same) {
  if
  :: (same && req[r].known || BROKEN(UNKNOWN_SESSION)) && HOME(r) == p && req[r].stage == NEW ->
     req[r].known = 1;
     if
     :: open_epoch[p] != 0 && open_epoch[p] == req[r].epoch -> req[r].stage = SURVEYING
     :: else -> tell_not_executed(r); close(r)   /* ACTOR_UNAVAILABLE, SESSION_ENDED */
     fi
  :: BROKEN(PLANE_UNBOUND) && HOME(r) != p && last_asking < ASKINGS && open_epoch[p] ->
     /* the other plane's whole road, with a yes of its own, up to its dispatcher */
     last_asking++;
     ask[last_asking].request = r; ask[last_asking].facts = FACTS; ask[last_asking].said = 1;
     ask[last_asking].spent = 1; ask[last_asking].record = 2;
     link[LINK(p, open_epoch[p])].inbox = last_asking
  :: else ->
     if
     :: BROKEN(REPEAT_TOLD_NO) && HOME(r) == p -> tell_not_executed(r)
     :: else                                     /* DUPLICATE_REQUEST, UNKNOWN_SESSION: unknown */
     fi
  fi
}
/* broker.cc follow_up(confirm): only of a pending request, by its own connection */
inline say_yes(r, with, same) {
  if
  :: (same && req[r].known || BROKEN(STRANGERS_YES) || BROKEN(SESSION_SPARE)) &&
     req[r].stage == PENDING ->
     req[r].stage = CONFIRM; req[r].yes = with
  :: else ->
     if
     :: BROKEN(SECOND_YES_TOLD_NO) && req[r].stage > CONFIRM && req[r].stage < CLOSED ->
        tell_not_executed(r)
     :: else                                     /* TOKEN_SPENT, NOT_PENDING: unknown */
     fi
  fi
}
/* broker.cc hand_over(): one credit; a send that fails is the loss of the dispatcher */
inline hand_over(r) {
  if
  :: credit[HOME(r)] -> req[r].stage = WAITING
  :: !credit[HOME(r)] && open_epoch[HOME(r)] ->
     if
     :: credit[HOME(r)] = 1; req[r].stage = DISPATCH;
        link[LINK(HOME(r), open_epoch[HOME(r)])].inbox = req[r].licence; req[r].licence = 0
     :: /* on_undelivered(): it never left, so it is lost before the hand-over */
        if
        :: BROKEN(UNDELIVERED_GUESSED) ->
           link[LINK(HOME(r), open_epoch[HOME(r)])].inbox = req[r].licence
        :: else
        fi;
        req[r].licence = 0; lose_dispatcher(HOME(r))
     fi
  :: !credit[HOME(r)] && !open_epoch[HOME(r)] ->
     if
     :: BROKEN(EPOCH_UNBOUND) || BROKEN(RETRY_AFTER_RESTART) -> req[r].stage = WAITING
     :: else -> req[r].licence = 0; close_lost(r)
     fi
  fi
}

/* broker.cc from_actor(), forward(): each message only where its road awaits it */
proctype Road(byte r) {
end:
  do
  :: atomic { req[r].stage == SURVEYING && open_epoch[HOME(r)] && kernel_up && !busy ->
       /* dispatcher.cc on_survey(), explainer.cc: one snapshot, explained */
       req[r].explained = FACTS + 1; req[r].stage = EXPLAINED }
  :: atomic { req[r].asked && req[r].stage == EXPLAINED -> req[r].stage = ASKED }
  :: atomic { req[r].asked && req[r].stage == ASKED ->
       /* audit_writer.cc on_asked(): durable, then shown, if somebody is there to see it */
       req[r].stage = PENDING;
       if :: req[r].progress == SUBMITTED -> req[r].token = req[r].asked; req[r].progress = READING
          :: else fi;
       take(req[r].asked, 0) }
  :: atomic { req[r].asked && req[r].stage > ASKED -> req[r].asked = 0 }
  :: atomic { req[r].confirmed ->
       if
       :: req[r].stage == CONFIRM || (BROKEN(TOKEN_TWICE) && req[r].stage < CLOSED) ->
          req[r].stage = CONFIRMED; req[r].to_record = req[r].confirmed
       :: BROKEN(TIME_CONFIRMS) && req[r].stage == PENDING ->
          req[r].stage = CONFIRMED; req[r].to_record = req[r].confirmed
       :: else
       fi;
       take(req[r].confirmed, 0) }
  :: atomic { req[r].ended ->
       if
       :: req[r].ended == 3 && req[r].stage >= ASKED && req[r].stage <= ABANDON ->
          tell_not_executed(r); close(r)
       :: req[r].ended < 3 && (req[r].stage == EXPLAINED || req[r].stage == CONFIRM ||
                               req[r].stage == ABANDON) ->
          if :: req[r].ended == 1 -> tell_not_executed(r) :: else fi;
          close(r)
       :: else
       fi;
       take(req[r].ended, 0) }
  :: atomic { req[r].licence && req[r].stage != WAITING ->
       if
       :: req[r].stage == CONFIRMED || ((BROKEN(DISPATCH_ANY_STAGE) || BROKEN(STAGE_SPARE)) &&
                                        open_epoch[HOME(r)] && req[r].stage != DISPATCH) ->
          hand_over(r)
       :: else -> req[r].licence = 0
       fi }
  :: atomic { req[r].stage == WAITING && !credit[HOME(r)] && open_epoch[HOME(r)] ->
       if :: BROKEN(RETRY_AFTER_RESTART) || BROKEN(EPOCH_UNBOUND) ->
             if :: req[r].licence :: else -> req[r].licence = req[r].token fi
          :: else fi;
       hand_over(r) }
  :: atomic { req[r].acted && req[r].stage == DISPATCH ->
       req[r].stage = ACTED; credit[HOME(r)] = 0 }
  :: atomic { req[r].acted && req[r].stage == ACTED && !req[r].recorded ->
       /* audit_writer.cc on_acted(): the outcome is durable */
       if :: BROKEN(TOLD_BEFORE_RECORDED) :: req[r].recorded = 1 fi;
       if
       :: req[r].acted == EXECUTED -> must(I_AUDIT, req[r].recorded); tell_executed(r)
       :: req[r].acted == REJECTED -> must(I_AUDIT, req[r].recorded); tell_rejected(r)
       :: req[r].acted == REFUSED -> tell_not_executed(r)   /* told as SESSION_ENDED */
       :: else                                   /* DUPLICATE_REQUEST, KERNEL_LOST: unknown */
       fi;
       req[r].acted = 0; close(r) }
  :: atomic { faults && req[r].acted && req[r].stage == ACTED ->
       /* turn.cc say_unrecorded(): the disk is full, the kernel's outcome is told all the same */
       faults--;
       if
       :: req[r].acted == EXECUTED -> tell_executed(r)
       :: req[r].acted == REJECTED -> tell_rejected(r)
       :: req[r].acted == REFUSED || BROKEN(UNRECORDED_IS_NO) -> tell_not_executed(r)
       :: else
       fi;
       req[r].acted = 0; close(r); lose_writer(HOME(r)) }
  :: atomic { req[r].acted && req[r].stage != DISPATCH && req[r].stage != ACTED ->
       /* losses.cc late_word(): recorded, told to nobody */
       if
       :: req[r].acted == EXECUTED -> tell_executed(r)
       :: req[r].acted == REJECTED -> tell_rejected(r)
       :: req[r].acted == REFUSED -> tell_not_executed(r)
       :: else
       fi;
       req[r].acted = 0 }
  /* losses.cc on_tick(), lose_actor(): a stage is silent too long, or gone. Its successor comes at
   * once, with an empty memory. Gate and explainer have none, so only the request is lost. */
  :: atomic { (req[r].stage == SURVEYING || req[r].stage == CONFIRM) && !BROKEN(NO_STAGE_TIMER) ->
       close_lost(r) }
  :: atomic { NEEDS_KEEPER(req[r].stage) && !BROKEN(NO_STAGE_TIMER) -> lose_keeper(HOME(r), true) }
  :: atomic { NEEDS_WRITER(req[r].stage) && !BROKEN(NO_STAGE_TIMER) -> lose_writer(HOME(r)) }
  od
}


/* registry.cc join(), broker.cc opened(), embedded.cc open(); and the loss of what was opened */
proctype Dispatchers(byte p) {
end:
  do
  :: atomic { !open_epoch[p] && kernel_up && !busy && epoch[p] < EPOCHS ->
       epoch[p]++;
       must(I_MONO, epoch[p] > highest[p]);
       highest[p] = epoch[p]; opened[p] = 1; open_epoch[p] = epoch[p];
       link[LINK(p, epoch[p])].broken = 0 }
  :: atomic { open_epoch[p] && !BROKEN(NO_STAGE_TIMER) -> lose_dispatcher(p) }
  od
}

/* ---- keeper: confirmation_keeper.cc; its memory is req[r].pending ---- */
proctype Keeper(byte r) {
end:
  do
  :: atomic { req[r].explained ->                /* on_explained() */
       if
       :: req[r].pending || last_asking == ASKINGS -> req[r].ended = 2
       :: else ->
          last_asking++;
          ask[last_asking].request = r; ask[last_asking].facts = req[r].explained - 1;
          req[r].pending = last_asking; req[r].asked = last_asking
       fi;
       take(req[r].explained, 0) }
  :: atomic { req[r].yes ->                      /* on_confirm(): spent, whatever follows */
       if
       :: !req[r].pending -> req[r].ended = 2
       :: req[r].pending && req[r].yes > ASKINGS && !BROKEN(STRANGERS_YES) &&
          !BROKEN(PRINCIPAL_SPARE) -> req[r].ended = 2
       :: req[r].pending && (req[r].yes <= ASKINGS || BROKEN(STRANGERS_YES) ||
                              BROKEN(PRINCIPAL_SPARE)) ->
          must(I_TOKEN, req[r].yes <= ASKINGS);
          if
          :: req[r].yes == req[r].pending || BROKEN(TOKEN_UNBOUND) ->
             must(I_TOKEN, ask[req[r].pending].spent == 0 && !ask[req[r].pending].over);
             ask[req[r].pending].spent++;
             req[r].confirmed = req[r].pending
          :: else -> req[r].ended = 1
          fi;
          if :: BROKEN(TOKEN_TWICE) :: else -> req[r].pending = 0 fi
       fi;
       take(req[r].yes, 0) }
  :: atomic { req[r].no ->                       /* on_abandon(), on_void() */
       if :: req[r].pending -> req[r].pending = 0; req[r].ended = 3 :: else -> req[r].ended = 2 fi;
       take(req[r].no, 0) }
  :: atomic { req[r].pending ->                  /* on_tick(): time never confirms */
       if
       :: BROKEN(TIME_CONFIRMS) -> req[r].confirmed = req[r].pending
       :: else -> req[r].ended = 3
       fi;
       req[r].pending = 0 }
  od
}

/* ---- audit writer: turn.cc carry_out(), audit_writer.cc on_confirmed(), log_writer.cc ---- */
proctype Writer(byte r) {
end:
  do
  :: atomic { req[r].to_record && ask[req[r].to_record].record == 0 ->
       if
       :: BROKEN(DISPATCH_BEFORE_RECORD) -> req[r].licence = req[r].to_record
       :: else
       fi;
       ask[req[r].to_record].record = 1 }
  :: atomic { req[r].to_record && ask[req[r].to_record].record == 1 && !BROKEN(SYNC_AFTER_ANSWER) ->
       ask[req[r].to_record].record = 2 }
  :: atomic { faults && req[r].to_record && ask[req[r].to_record].record == 1 ->
       faults--;                                 /* say_unrecorded(), then it ends */
       if
       :: BROKEN(SYNC_ERROR_IGNORED) -> req[r].licence = req[r].to_record; req[r].to_record = 0
       :: else ->
          if
          :: req[r].stage == CONFIRMED -> tell_not_executed(r); close(r)
          :: else
          fi;
          lose_writer(HOME(r))
       fi }
  :: atomic { req[r].to_record && (ask[req[r].to_record].record == 2 || BROKEN(AUDIT_NOT_SYNCED) ||
                                   (BROKEN(SYNC_AFTER_ANSWER) && ask[req[r].to_record].record)) ->
       req[r].licence = req[r].to_record;
       take(req[r].to_record, 0) }
  od
}

/* ---- dispatcher: dispatcher.cc, embedded_link.cc; it lives on when its broker gave it up ---- */
#define me link[l]
proctype Dispatcher(byte l) {
end:
  do
  :: atomic { !paused && me.inbox ->                        /* on_dispatch() */
       i = ask[me.inbox].request;
       if
       :: (me.seen & (1 << i)) || me.act -> req[i].acted = REPEATED
       :: else ->
          me.seen = me.seen | (1 << i);
          me.act = me.inbox;
          if
          :: me.broken || (BROKEN(LEASE_AT_DISPATCHER) && req[i].late)
          :: else ->
             me.call = me.inbox;
             must(I_RETRY, req[i].calls == 0);
             if :: req[i].calls < 2 -> req[i].calls++ :: else fi
          fi
       fi;
       take(me.inbox, 0) }
  :: atomic { !paused && me.answer ->           /* on_answer(): of the act under way, or of none */
       if
       :: me.about == me.act -> req[ask[me.act].request].acted = me.answer; me.act = 0
       :: else
       fi;
       take(me.answer, 0) }
  :: atomic { !paused && me.act && me.broken && !me.answer ->
       req[ask[me.act].request].acted = LOST; me.act = 0 }    /* on_kernel_lost() */
  :: atomic { !paused && me.act && BROKEN(BROKEN_CALL_ASKED) && kernel_up && !busy &&
              req[ask[me.act].request].row == NONE ->
       req[ask[me.act].request].acted = REFUSED; me.act = 0 }
  :: atomic { !paused && me.act && BROKEN(RETRY_AFTER_SILENCE) && !me.call ->
       i = ask[me.act].request;
       me.call = me.act;
       must(I_RETRY, req[i].calls == 0);
       if :: req[i].calls < 2 -> req[i].calls++ :: else fi }
  :: atomic { !paused && (me.inbox || me.act || me.answer) ->
       /* it ends; its call may still be in the socket */
       me.inbox = 0; me.act = 0; me.answer = 0 }
  od
}

/* ---- kernel: embedded.cc, server.cc; one thread, so that nothing else happens while busy ---- */
#define now_link link[busy - 1]
#define now_plane ((busy - 1) / EPOCHS)
#define now_epoch ((busy - 1) % EPOCHS + 1)
#define now_req req[ask[act].request]
#define any_call (link[0].call || link[1 % LINKS].call || link[2 % LINKS].call || \
                  link[3 % LINKS].call)
proctype Kernel() {
  byte act;
  byte l;
end:
  do
  :: atomic { kernel_up && !busy && any_call ->  /* act(): the ledger first, then refusal() */
       if
       :: link[0].call -> l = 0
       :: LINKS > 1 && link[1 % LINKS].call -> l = 1
       :: LINKS > 2 && link[2 % LINKS].call -> l = 2
       :: LINKS > 3 && link[3 % LINKS].call -> l = 3
       fi;
       busy = l + 1; act = link[l].call;
       take(link[l].call, 0);
       if
       :: now_req.row != NONE && !BROKEN(NO_LEDGER) && !BROKEN(BLIND_KERNEL) &&
          !(BROKEN(EPOCH_BEFORE_LEDGER) && epoch[now_plane] != now_epoch) -> verdict = REPEATED
       :: else ->
          if
          :: (now_req.old && !BROKEN(HISTORY_IGNORED)) ||
             (HOME(ask[act].request) != now_plane && !BROKEN(PLANE_UNBOUND)) ||
             ((!opened[now_plane] || epoch[now_plane] != now_epoch) && !BROKEN(NO_FENCE)) ||
             (now_req.epoch != now_epoch && !BROKEN(EPOCH_UNBOUND) && !BROKEN(EPOCH_SPARE) &&
              !BROKEN(PLANE_UNBOUND)) ||
             (now_req.late && !BROKEN(LEASE_AT_DISPATCHER) && !BROKEN(LEASE_WITHOUT_END)) ->
             verdict = REFUSED
          :: else ->                             /* decide(): facts and checks as explained */
             if :: fits(ask[act].facts) -> verdict = EXECUTED :: else -> verdict = REJECTED fi
          fi
       fi;
       l = 0 }
  :: atomic { busy && !soft && kernel_up && (verdict == EXECUTED || verdict == REJECTED) ->
       if
       :: verdict == EXECUTED ->
          must(I_ONCE, now_req.effects == 0);
          must(I_CONFIRM, ask[act].said && ask[act].facts / 2 == fencing &&
                          (!failing || ask[act].facts % 2));
          must(I_TOKEN, ask[act].spent == 1);
          must(I_AUDIT, ask[act].record == 2);
          must(I_DECIDED, !now_req.told_no && !now_req.told_rej && epoch[now_plane] == now_epoch);
          now_req.effects++; fencing++
       :: else -> must(I_DECIDED, !now_req.told_no)
       fi;
       if
       :: verdict == EXECUTED && BROKEN(TWO_STEPS)
       :: verdict == REJECTED && BROKEN(REJECTION_FORGOTTEN)
       :: else -> now_req.row = verdict
       fi;
       soft = ask[act].request + 1 }
  :: atomic { busy && kernel_up && (soft || verdict == REFUSED || verdict == REPEATED) ->
       if :: soft && BROKEN(TWO_STEPS) && verdict == EXECUTED -> now_req.row = EXECUTED
          :: else fi;
       if :: soft -> must(I_MONO, now_req.stood == NONE); now_req.stood = now_req.row :: else fi;
       soft = 0;                                 /* synced: only now may anybody hear of it */
       if
       :: !now_link.broken -> now_link.answer = verdict; now_link.about = act
       :: else
       fi;
       if
       :: BROKEN(SYNC_AFTER_ANSWER) && ask[act].record -> ask[act].record = 2
       :: else
       fi;
       busy = 0; act = 0; verdict = 0 }
  :: atomic { !kernel_up && soft ->              /* start(), or a reader of the file, syncs it */
       req[soft - 1].stood = req[soft - 1].row; soft = 0 }
  :: atomic { !kernel_up && !soft -> act = 0; kernel_up = 1 }
  od
}

/* outcome_rule.cc decide_outcome(): asked by anybody, at any time, through any plane q */
#define is_final(r, q) (epoch[q] > req[r].epoch || (epoch[q] == req[r].epoch && !opened[q]) || \
                        (req[r].late && !BROKEN(LEASE_WITHOUT_END)))
proctype Asker(byte r) {
end:
  do
  :: atomic { (!busy || BROKEN(QUESTION_BESIDE)) &&
              (kernel_up || !soft || BROKEN(DEAD_FILE_UNSYNCED)) &&
              req[r].epoch && (!req[r].old || BROKEN(HISTORY_IGNORED)) &&
              ((req[r].row == EXECUTED && !req[r].told_yes) ||
               (req[r].row == REJECTED && !req[r].told_rej) ||
               (req[r].row == NONE && !req[r].told_no)) &&
              (req[r].row || BROKEN(TOMBSTONE) || is_final(r, HOME(r)) || BROKEN(ASKERS_CLOCK) ||
               (BROKEN(ASKERS_EPOCH) && is_final(r, (HOME(r) + 1) % PLANES))) ->
       /* of a dead kernel's file only what is durable is told: store.cc sync_what_was_left() */
       was = req[r].row;
       must(I_MONO, busy || soft || req[r].row == req[r].stood);
       if
       :: req[r].row == EXECUTED -> tell_executed(r)
       :: req[r].row == REJECTED -> tell_rejected(r)
       :: else ->
          if :: BROKEN(TOMBSTONE) -> req[r].row = REJECTED :: else -> tell_not_executed(r) fi
       fi;
       must(I_LOOK, req[r].row == was) }
  od
}

/* ---- the person, and whoever has seen an id: client.cc, open_request.cc ---- */
#define other(r) (((r) + 1) % REQUESTS)
proctype Person(byte r) {
end:
  do
  :: atomic { req[r].epoch == 0 && open_epoch[HOME(r)] ->   /* WELCOME, RENEWED */
       req[r].epoch = open_epoch[HOME(r)]; req[r].known = 1 }
  :: atomic { req[r].progress == IDLE && req[r].epoch ->
       req[r].progress = SUBMITTED; submit(r, HOME(r), true) }
  :: atomic { req[r].progress == READING ->
       ask[req[r].token].said = 1;
       req[r].progress = SAID_YES; say_yes(r, req[r].token, true) }
  :: atomic { req[r].progress == READING ->
       req[r].progress = SAID_NO;
       if :: req[r].known && req[r].stage == PENDING -> req[r].stage = ABANDON; req[r].no = 1
          :: else fi }
  :: atomic { req[r].progress >= SUBMITTED && req[r].progress <= SAID_NO ->
       /* lost(): no answer in time, or the connection has ended */
       if
       :: req[r].progress != SAID_YES || BROKEN(CLIENT_GUESSES) -> tell_not_executed(r)
       :: else
       fi;
       req[r].progress = GONE;
       if :: req[r].stage == PENDING && req[r].known ->     /* lose_client() */
             req[r].stage = ABANDON; req[r].no = 1
          :: else fi }
  :: atomic { repeats && req[r].progress >= SAID_YES && req[r].progress != GONE ->
       repeats--;
       if
       :: true -> submit(r, HOME(r), true)
       :: req[r].token -> ask[req[r].token].said = 1; say_yes(r, req[r].token, true)
       fi }
  :: atomic { repeats && req[r].epoch && req[r].progress != IDLE ->
       repeats--;                                /* a stranger, here and at another plane */
       if
       :: true -> submit(r, HOME(r), false)
       :: PLANES > 1 -> submit(r, (HOME(r) + 1) % PLANES, false)
       :: true -> say_yes(r, ASKINGS + 1, false)
       fi }
  :: atomic { repeats && req[r].progress == READING && REQUESTS > 1 && req[other(r)].token ->
       repeats--;                                /* a token that was shown for another request */
       req[r].progress = SAID_YES; say_yes(r, req[other(r)].token, true) }
  od
}

/* ---- the world: time, facts, losses, deaths ---- */
proctype Time(byte r) {
end:
  do
  :: atomic { req[r].epoch && !req[r].late ->
       req[r].late = 1;
       if :: BROKEN(LATE_EXPIRY) && !busy && !soft -> req[r].row = REJECTED :: else fi }
  :: atomic { losses && req[r].confirmed -> losses--; req[r].confirmed = 0 }
  :: atomic { losses && req[r].licence && req[r].stage != WAITING -> losses--; req[r].licence = 0 }
  :: atomic { losses && req[r].acted && req[r].stage == DISPATCH -> losses--; req[r].acted = 0 }
  :: atomic { losses && req[r].ended -> losses--; req[r].ended = 0 }
  od
}

inline kernel_dies() {
  kernel_up = 0; busy = 0; verdict = 0;
  for (j : 0 .. PLANES - 1) {
    opened[j] = 0;
    if :: BROKEN(EPOCH_VOLATILE) -> epoch[j] = 0 :: else fi
  };
  for (j : 0 .. LINKS - 1) { link[j].broken = 1; link[j].call = 0; link[j].answer = 0 };
  for (j : 0 .. REQUESTS - 1) {
    must(I_ATOMIC, req[j].old || (req[j].row == EXECUTED) == (req[j].effects == 1))
  }
}

proctype World() {
end:
  do
  :: atomic { moves && kernel_up && !busy -> moves--; fencing++ }
  :: atomic { moves && kernel_up && !busy -> moves--; failing = 1 - failing }
  :: atomic { faults && kernel_up -> faults--; kernel_dies() }
  :: atomic { faults && !kernel_up && !soft -> faults--;   /* verbs.cc renew_history(): a backup */
       for (j : 0 .. REQUESTS - 1) {
         if :: req[j].epoch -> req[j].old = 1; req[j].row = NONE; req[j].stood = NONE :: else fi
       } }
  :: atomic { faults ->                          /* power cut: what was not synced is gone */
       faults--;
       if
       :: soft ->
          must(I_DECIDED, !req[soft - 1].told_yes && !req[soft - 1].told_rej);
          if :: req[soft - 1].row == EXECUTED -> req[soft - 1].effects--; fencing-- :: else fi;
          req[soft - 1].row = NONE; soft = 0
       :: else
       fi;
       kernel_dies();
       for (j : 0 .. PLANES - 1) { restart_broker(j) };
       for (j : 0 .. LINKS - 1) { link[j].inbox = 0; link[j].act = 0 };
       for (j : 1 .. ASKINGS) { if :: ask[j].record == 1 -> ask[j].record = 0 :: else fi } }
  :: atomic { faults -> faults--; restart_broker(0) }
  :: atomic { faults && PLANES > 1 -> faults--; restart_broker(PLANES - 1) }
  :: atomic { faults && kernel_up && !busy && epoch[0] < EPOCHS -> faults--;   /* fence() */
       epoch[0]++; opened[0] = 0; highest[0] = epoch[0] }
  :: atomic { BROKEN(LEDGER_PRUNED) && kernel_up && !busy && req[0].stood ->
       req[0].row = NONE }
  od
}

#ifdef PROGRESS
/* SIGSTOP and SIGCONT without end: no dispatcher ever gets on with anything by right. */
proctype Flap() { do :: paused = 1 - paused od }
#define over(r) ((req[r].stage == NEW || req[r].stage == CLOSED) && \
                 (req[r].progress == IDLE || req[r].progress >= TOLD) && \
                 (!req[r].epoch || req[r].old || req[r].row != NONE || is_final(r, HOME(r))))
ltl settled { <> [] (over(0) && over(REQUESTS - 1)) }
#endif
/* When nothing can happen any more: every road is over, and every id has its final outcome. */
proctype End() {
  atomic { timeout ->
    for (i : 0 .. REQUESTS - 1) {
      must(L_DONE, (req[i].stage == NEW || req[i].stage == CLOSED) &&
                   (req[i].progress == IDLE || req[i].progress >= TOLD));
      must(I_MONO, req[i].row == req[i].stood);
      must(L_DONE, !req[i].epoch || req[i].old || req[i].row != NONE || is_final(i, HOME(i)));
      must(I_ATOMIC, req[i].old || (req[i].row == EXECUTED) == (req[i].effects == 1))
    } }
}

/* ---- witnesses against vacuity: each must be reachable in the sound model ----
 *      name                no    sizes      what is seen */
#define ALL_FAULTS_EXECUTED    1 /* one:f1c1l1 executed, told, after copy, loss and fault */
#define REJECTION_TOLD         2 /* one:m1     rejected, and told so */
#define FINAL_AFTER_YES        3 /* one        the yes was said, and "not executed" is final */
#define EXECUTED_UNHEARD       4 /* one:f1     executed for a broker that has forgotten it */
#define OLD_RUN_REFUSED        5 /* one        an older run's call comes after a newer epoch */
#define GIVEN_UP_EXECUTES      6 /* one        a dispatcher that was given up still executes */
#define COPY_FOUND             7 /* one:c1     the ledger answers a copy of an executed act */
#define DEAD_FILE_READ         8 /* one:f1     executed is told from a dead kernel's file */
#define CUT_UNDOES             9 /* one:f1     a power cut takes a record that was not synced */
#define CREDIT_AWAITED        10 /* race       a licence waits while another request acts */
#define ONE_OF_TWO            11 /* race       two explained alike: one executes, one is rejected */
#define TWO_PLANES_ACT        12 /* planes     requests of two planes both execute */
#define ACTS_AFTER_RESTART    13 /* one:f1     a dispatcher of the kernel's next run executes */
#define SHOW(number, what) :: atomic { witness == number && (what) -> assert(witness != number) }
proctype Witness() {
end:
  do
  SHOW(ALL_FAULTS_EXECUTED, req[0].told_yes && !faults && !copies && !losses)
  SHOW(REJECTION_TOLD, req[0].told_rej && req[0].progress == TOLD)
  SHOW(FINAL_AFTER_YES, req[0].told_no && req[0].progress == SAID_YES)
  SHOW(EXECUTED_UNHEARD, req[0].row == EXECUTED && req[0].stage == NEW)
  SHOW(OLD_RUN_REFUSED, busy && verdict == REFUSED && open_epoch[0] > now_epoch)
  SHOW(GIVEN_UP_EXECUTES, busy && verdict == EXECUTED && soft && !open_epoch[0])
  SHOW(COPY_FOUND, busy && verdict == REPEATED && req[0].row == EXECUTED)
  SHOW(DEAD_FILE_READ, !kernel_up && req[0].told_yes && req[0].stage == DISPATCH)
  SHOW(CUT_UNDOES, ask[1].spent && ask[1].record == 0 && !kernel_up && !req[0].to_record)
  SHOW(CREDIT_AWAITED, req[0].stage == WAITING)
  SHOW(ACTS_AFTER_RESTART, busy && soft && verdict == EXECUTED && link[0].broken &&
                           busy > 1)
  SHOW(ONE_OF_TWO, REQUESTS == 2 && req[0].told_yes && req[1 % REQUESTS].told_rej &&
                   req[1 % REQUESTS].progress == TOLD && fencing == 1 && !failing)
  SHOW(TWO_PLANES_ACT, REQUESTS == 2 && PLANES == 2 &&
                       req[0].told_yes && req[1 % REQUESTS].told_yes)
  od
}

init {
  atomic {
    choose();
    for (i : 0 .. REQUESTS - 1) {
      run Person(i); run Road(i); run Keeper(i); run Writer(i); run Time(i); run Asker(i)
    };
    for (i : 0 .. PLANES - 1) { run Dispatchers(i) };
    for (i : 0 .. LINKS - 1) { run Dispatcher(i) };
    run Kernel(); run World(); run Witness();
#ifdef PROGRESS
    run Flap()
#else
    run End()
#endif
  }
}
