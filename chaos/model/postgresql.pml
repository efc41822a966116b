/* The kernel of PostgreSQL for Spin: one register that grants, agents that claim and act, servers
 * that promote in their own time, and questions at every moment. docs/model.md maps it to the code.
 *
 * Every line is a step that somebody may take at any time; whatever can die between two effects is
 * two lines. A message is a term that is on its way: it may come late, twice
 * or never, because the line that delivers it stays open. Request r is an action on node r. */

#ifndef REQUESTS
#define REQUESTS 2
#endif
#ifndef TERMS
#define TERMS 4    /* terms that the register ever gives */
#endif
#ifndef FAULTS
#define FAULTS 2   /* deaths of kernel and agents, in all */
#endif
#ifndef FORCES
#define FORCES 0   /* grants that a person sets aside, whose agent does not answer */
#endif
#ifndef JOURNALS
#define JOURNALS 0 /* journals that are replaced by an empty one */
#endif

/* I_ONCE: a server acts at most once for a request, and never unasked; I_DECIDED: what is told as
 * final stays true; I_MONO: a final word does not change; I_ALONE: no two may act at one time. */
#define I_ONCE      1
#define I_DECIDED   2
#define I_MONO      4
#define I_ALONE     8
#define must(predicate, condition) assert(!(judged & predicate) || (condition))

/* ---- mutants: `mutant` breaks one rule, and the predicate must tell ----
 *      name                no    rule predicate sizes  what the broken rule does; rules: (c) of
 *      docs/outcome.md */
#define ABSENCE_IS_NO         1 /* 2 I_DECIDED pg:f2    no claim is a no, whatever is promised */
#define SETTLED_UNPROMISED    2 /* 2 I_DECIDED pg:f2    the kernel settles without a new promise */
#define OLDER_TERM_TAKEN      3 /* 2 I_DECIDED pg:f2    an agent takes an act below its promise */
#define PROMISE_VOLATILE      4 /* 2 I_DECIDED pg:f2    an agent's restart forgets the promise */
#define SENT_BEFORE_GRANT     5 /* 5 I_DECIDED pg:f2    the act leaves before the grant is durable */
#define ACTED_BEFORE_CLAIM    6 /* 1 I_DECIDED pg:f2    the signal comes before the claim */
#define VOID_WHILE_RUNNING    7 /* 4 I_DECIDED pg:f2    a claim is voided, the server goes on */
#define TIMEOUT_IS_NO         8 /* 3 I_DECIDED pg:f2    a promotion that takes long is rejected */
#define GRANTS_SIDE_BY_SIDE   9 /* 5 I_ALONE   pg:f2    a second grant beside an open one */
#define TERM_VOLATILE        10 /* 5 I_DECIDED pg:f2    a kernel restart forgets the term */
#define JOURNAL_NOT_NAMED    11 /*   I_DECIDED pg:f2j1  an empty journal answers for the lost one */
#define CLAIM_TWICE          12 /* 1 I_ONCE    pg:f2    a second copy of the act is taken as new */
#define QUESTION_VOIDS       13 /* 4 I_DECIDED pg:f2    a question makes an open claim void */
#define SET_ASIDE_IS_NO      14 /*   I_DECIDED pg:f2o1  what a person set aside counts as undone */
#define BROKEN(rule) (mutant == rule)

/* ---- witnesses against vacuity ---- */
#define SEEN_EXECUTED   1 /* pg:f2   executed, and told so */
#define SEEN_VOID       2 /* pg:f2   an agent gave a claim up */
#define SEEN_NEVER      3 /* pg:f2   a grant that no agent ever claimed is final */
#define SEEN_BOTH       4 /* pg:f2   one after the other, both executed */
#define SEEN_ASIDE      5 /* pg:f2o1 set aside, and executed all the same */
#define SEEN_LATE       6 /* pg:f2   it executed after its agent had died */
#define reach(number) assert(witness != number)

#ifndef MUTANT
#define MUTANT 0
#define WITNESS 0
#define JUDGED 1023
#endif
hidden byte mutant = MUTANT, witness = WITNESS;
hidden short judged = JUDGED;
byte faults = FAULTS, forces = FORCES, journals = JOURNALS;
/* A search is told what to break by its environment, a replay by -D; both take one step for it. */
#ifdef SEARCH
inline choose() {
  c_code {
    mutant = atoi(getenv("MUTANT")); witness = atoi(getenv("WITNESS"));
    judged = atoi(getenv("JUDGED"));
    now.faults = atoi(getenv("FAULTS")); now.forces = atoi(getenv("FORCES"));
    now.journals = atoi(getenv("JOURNALS"));
  }
}
#else
inline choose() { was = 0 }
#endif
bit was;

/* Of a row, a claim, an answer. REJECTED is voided, too; NEVER: granted, and never claimed. */
#define NONE     0
#define EXECUTED 1
#define REJECTED 2
#define NEVER    3
#define OPEN     4

/* Of a grant. ASIDE: by a person; it blocks nobody, and is still to be found out. */
#define UNASKED  0
#define GRANTED  1
#define ASIDE    2
#define SETTLED  3

/* the register */
byte term, row[REQUESTS], grant[REQUESTS], granted_term[REQUESTS];
bool over[REQUESTS];              /* its epoch has ended: it can be granted no more */
/* the kernel's run: what it is about with each request */
byte opening[REQUESTS];           /* the term that it wants promised; 0: nothing */
bool acts[REQUESTS];              /* ... in order to act; else to find out */
/* on their way, by term: who is spoken to */
bool open_sent[TERMS + 1], act_sent[TERMS + 1], promised_said[TERMS + 1];
byte about[TERMS + 1];
/* agents */
bool up[REQUESTS];
byte promised[REQUESTS], claim[REQUESTS];
bool acting[REQUESTS], judged_good[REQUESTS], lost[REQUESTS], died[REQUESTS];
/* servers */
bool signalled[REQUESTS];         /* promotes in its own time */
byte effects[REQUESTS];
/* what people were told */
byte told[REQUESTS];

inline tell(r, word) {
  must(I_MONO, told[r] == NONE || told[r] == word);
  must(I_DECIDED, word != EXECUTED || effects[r] == 1);
  must(I_DECIDED, word == EXECUTED || effects[r] == 0);
  told[r] = word
}
inline commit(r, word) { row[r] = word; grant[r] = SETTLED; opening[r] = 0 }
inline next_term(r, to_act) {
  term++;
  opening[r] = term; acts[r] = to_act; about[term] = r;
  open_sent[term] = true
}
#define may_grant(r, other) (BROKEN(GRANTS_SIDE_BY_SIDE) || grant[other] != GRANTED)
#define can_act(r) (signalled[r] || (claim[r] == OPEN && acting[r]))
#define my_journal(r) (!lost[r] || BROKEN(JOURNAL_NOT_NAMED))

/* One request's steps, whoever takes them; o is the other one. */
proctype node(byte r; byte o) {
end:
  do
  /* the kernel: act, grant, promise, act sent */
  :: atomic { !over[r] && grant[r] == UNASKED && row[r] == NONE && term < TERMS && may_grant(r, o) ->
       if
       :: BROKEN(SENT_BEFORE_GRANT) ->
            /* no row of it, and the term is not yet durable either */
            about[term + 1] = r; open_sent[term + 1] = true; act_sent[term + 1] = true;
            opening[r] = term + 1; acts[r] = true
       :: else -> grant[r] = GRANTED; next_term(r, true); granted_term[r] = term
       fi }
  :: atomic { BROKEN(SENT_BEFORE_GRANT) && grant[r] == UNASKED && opening[r] && !over[r] ->
       grant[r] = GRANTED; term = opening[r]; granted_term[r] = term }
  :: atomic { opening[r] && promised_said[opening[r]] && acts[r] && !act_sent[opening[r]] ->
       act_sent[opening[r]] = true }
  /* it answered */
  :: atomic { opening[r] && acts[r] && up[r] && grant[r] != UNASKED && my_journal(r) &&
              (claim[r] == EXECUTED || claim[r] == REJECTED) -> commit(r, claim[r]) }
  /* it did not: find out under a new term */
  :: atomic { grant[r] == GRANTED && opening[r] && acts[r] && term < TERMS -> next_term(r, false) }
  :: atomic { (grant[r] == GRANTED || grant[r] == ASIDE) && !opening[r] && term < TERMS ->
       next_term(r, false) }
  :: atomic { opening[r] && !acts[r] && up[r] && my_journal(r) &&
              (promised_said[opening[r]] || BROKEN(SETTLED_UNPROMISED)) ->
       if
       :: claim[r] == NONE -> commit(r, NEVER)
            if :: witness == SEEN_NEVER -> reach(SEEN_NEVER) :: else fi
       :: claim[r] == EXECUTED || claim[r] == REJECTED -> commit(r, claim[r])
       :: claim[r] == OPEN -> skip
       fi }
  /* a person sets aside a grant whose agent does not answer, in order to force another */
  :: atomic { forces && grant[r] == GRANTED && !up[r] ->
       forces--; grant[r] = ASIDE;
       if :: BROKEN(SET_ASIDE_IS_NO) -> commit(r, NEVER) :: else fi }

  /* the agent: promise, claim, judge, signal, result */
  :: atomic { up[r] && claim[r] == OPEN && acting[r] && !judged_good[r] && !signalled[r] ->
       if
       :: judged_good[r] = true
       :: claim[r] = REJECTED; acting[r] = false
       fi }
  :: atomic { up[r] && acting[r] && judged_good[r] && !signalled[r] && effects[r] == 0 &&
              claim[r] == OPEN -> signalled[r] = true }
  :: atomic { up[r] && claim[r] == OPEN && effects[r] ->
       claim[r] = EXECUTED; acting[r] = false }
  /* its deadline, or its own start, finds the claim open: it stops the server and looks */
  :: atomic { up[r] && claim[r] == OPEN && (!acting[r] || signalled[r]) ->
       if
       :: BROKEN(TIMEOUT_IS_NO) && signalled[r] -> claim[r] = REJECTED
       :: BROKEN(VOID_WHILE_RUNNING) && effects[r] == 0 -> claim[r] = REJECTED
       :: else ->
            signalled[r] = false;
            if
            :: effects[r] -> claim[r] = EXECUTED;
                 if :: died[r] && witness == SEEN_LATE -> reach(SEEN_LATE) :: else fi
            :: else -> claim[r] = REJECTED;
                 if :: witness == SEEN_VOID -> reach(SEEN_VOID) :: else fi
            fi
       fi;
       acting[r] = false }

  /* the server, in its own time */
  :: atomic { signalled[r] ->
       signalled[r] = false; effects[r]++;
       must(I_ONCE, effects[r] == 1);
       must(I_DECIDED, told[r] != REJECTED && told[r] != NEVER);
       if :: effects[o] && witness == SEEN_BOTH -> reach(SEEN_BOTH) :: else fi;
       if :: grant[r] == ASIDE && witness == SEEN_ASIDE -> reach(SEEN_ASIDE) :: else fi }

  /* faults */
  :: atomic { faults && up[r] ->
       faults--; up[r] = false; acting[r] = false; judged_good[r] = false; died[r] = true;
       if :: BROKEN(PROMISE_VOLATILE) -> promised[r] = 0 :: else fi }
  :: atomic { !up[r] -> up[r] = true }
  :: atomic { journals && !up[r] -> journals--; lost[r] = true; promised[r] = 0; claim[r] = NONE }

  /* a question: row and grant in one look at the register, claim and promise in one at the agent */
  :: atomic { row[r] != NONE -> tell(r, row[r]);
       if :: row[r] == EXECUTED && witness == SEEN_EXECUTED -> reach(SEEN_EXECUTED) :: else fi }
  :: atomic { row[r] == NONE && grant[r] == UNASKED && over[r] -> tell(r, NEVER) }
  :: atomic { row[r] == NONE && grant[r] != UNASKED && up[r] && my_journal(r) ->
       if
       :: claim[r] == EXECUTED || claim[r] == REJECTED -> tell(r, claim[r])
       :: claim[r] == NONE && (promised[r] > granted_term[r] || BROKEN(ABSENCE_IS_NO)) ->
            tell(r, NEVER)
       :: BROKEN(QUESTION_VOIDS) && claim[r] == OPEN -> claim[r] = REJECTED; tell(r, REJECTED)
       :: else
       fi }
  :: atomic { (judged & I_ALONE) && can_act(r) && can_act(o) && grant[r] != ASIDE &&
              grant[o] != ASIDE -> must(I_ALONE, false) }
  od
}

/* An agent hears a term, as often as it likes to come. */
proctype ear(byte t) {
end:
  do
  :: atomic { open_sent[t] && up[about[t]] && promised[about[t]] < t && my_journal(about[t]) ->
       promised[about[t]] = t; promised_said[t] = true }
  :: atomic { act_sent[t] && up[about[t]] && !acting[about[t]] &&
              (promised[about[t]] == t || (BROKEN(OLDER_TERM_TAKEN) && promised[about[t]] > t)) &&
              (claim[about[t]] == NONE || (BROKEN(CLAIM_TWICE) && claim[about[t]] == EXECUTED)) ->
       if
       :: BROKEN(ACTED_BEFORE_CLAIM) -> signalled[about[t]] = true; act_sent[t] = false;
            if :: claim[about[t]] = OPEN; acting[about[t]] = true :: skip fi
       :: BROKEN(CLAIM_TWICE) && claim[about[t]] == EXECUTED -> signalled[about[t]] = true
       :: else -> claim[about[t]] = OPEN; acting[about[t]] = true
       fi }
  od
}

init {
  atomic {
    choose();
    up[0] = true; up[1] = true;
    run node(0, 1); run node(1, 0);
    run ear(1); run ear(2); run ear(3); run ear(4)
  }
end:
  do
  /* the kernel dies and comes back: epochs are over, what it was about is forgotten */
  :: atomic { faults ->
       faults--;
       opening[0] = 0; opening[1] = 0;
       over[0] = true; over[1] = true;
       if :: BROKEN(TERM_VOLATILE) -> term = 0 :: else fi }
  od
}
